import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { BrokerError, nearest } from '@nac-broker/protocol'
import type { z } from 'zod'
import { fileTrouble } from '../file-trouble.ts'
import { type ConfigDocument, parseConfigDocument } from './document.ts'
import { withEnvironment } from './environment.ts'
import { type Config, configSchema, fromFile } from './schema.ts'

const DEFAULT_FILE = 'nac-broker.yaml'

/**
 * The config file that was named, else `nac-broker.yaml` if there is one, else nothing at all. Paths
 * in it are beside it. What `env` says beats it.
 * @throws {BrokerError} `CONFIG_INVALID` with file and line, or with the variable.
 */
export async function loadConfig(
  file: string | undefined,
  env: NodeJS.ProcessEnv = {},
): Promise<Config> {
  const text = await readText(file ?? DEFAULT_FILE, file === undefined)
  return parseConfig(text ?? '', file ?? DEFAULT_FILE, env)
}

export function parseConfig(text: string, file: string, env: NodeJS.ProcessEnv = {}): Config {
  const document = withEnvironment(parseConfigDocument(text, file), env)
  const parsed = configSchema.safeParse(document.value ?? {})
  if (!parsed.success) throw invalid(parsed.error, document)
  return fromFile(parsed.data, (given) => path.resolve(path.dirname(file), given), document.placeOf)
}

async function readText(file: string, optional: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (optional && code === 'ENOENT') return undefined
    throw new BrokerError('CONFIG_INVALID', `config ${file} cannot be read: ${fileTrouble(error)}`)
  }
}

function invalid(error: z.ZodError, document: ConfigDocument): BrokerError {
  // An unknown key explains the one that is missing.
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0]
  const where = issue?.path ?? []
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    const known = keysAt(where)
    const what = `unknown key; did you mean ${nearest(key, known)}? (allowed: ${known.join(', ')})`
    return problem(document, [...where, key], what)
  }
  if (issue?.code === 'invalid_type') {
    const expected = LISTS[String(where.at(-1))] ?? EXPECTED[issue.expected] ?? issue.expected
    const missing = valueAt(document.value, where) === undefined
    return problem(document, where, missing ? 'is missing' : `must be ${expected}`)
  }
  return problem(document, where, issue?.message ?? 'is wrong')
}

function problem(
  { placeOf }: ConfigDocument,
  where: readonly PropertyKey[],
  what: string,
): BrokerError {
  const name = where.map(String).join('.')
  const subject = name === '' ? 'the file' : name
  const separator = /^(?:is|must|has) /.test(what) ? ' ' : ': '
  return new BrokerError('CONFIG_INVALID', `${placeOf(where)}: ${subject}${separator}${what}`)
}

const LISTS: Readonly<Record<string, string>> = {
  command: 'a list, the program first, as in [sleep, "5"]',
  live: 'a list, as in [active]',
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
}

/** The keys that a section may have: the file itself, `broker`, `distributed`, `status`, one of the `workers` or of the `watch`. */
function keysAt(where: readonly PropertyKey[]): string[] {
  const { broker, distributed, status, watch, workers } = configSchema.shape
  switch (where[0]) {
    case undefined:
      return Object.keys(configSchema.shape)
    case 'broker':
      return Object.keys(broker.unwrap().shape)
    case 'distributed':
      return Object.keys(distributed.unwrap().shape)
    case 'status':
      return Object.keys(status.unwrap().shape)
    case 'watch':
      return Object.keys(watch.unwrap().element.shape)
    default:
      return Object.keys(workers.unwrap().element.shape)
  }
}

function valueAt(value: unknown, where: readonly PropertyKey[]): unknown {
  return where.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  )
}
