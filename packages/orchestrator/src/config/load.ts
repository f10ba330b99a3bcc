import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { BrokerError, nearest } from '@nac-broker/protocol'
import type { z } from 'zod'
import { fileTrouble } from '../file-trouble.ts'
import { type ConfigDocument, parseConfigDocument } from './document.ts'
import { withEnvironment } from './environment.ts'
import { type Mistake, mistakesIn } from './mistakes.ts'
import { type Config, fromFile } from './config.ts'
import { configSchema } from './schema.ts'

const DEFAULT_FILE = 'nac-broker.yaml'

/**
 * The config file that was named, else `nac-broker.yaml` if there is one, else nothing at all. Paths
 * in it are beside it. What `env` says beats it.
 * @throws {BrokerError} `CONFIG_INVALID` with a line for each mistake, which has file and line or the variable.
 */
export async function loadConfig(
  file: string | undefined,
  env: NodeJS.ProcessEnv = {},
): Promise<Config> {
  const text = await readText(file ?? DEFAULT_FILE, file === undefined)
  return parseConfig(text ?? '', file ?? DEFAULT_FILE, env)
}

export function parseConfig(text: string, file: string, env: NodeJS.ProcessEnv = {}): Config {
  const { document, mistakes } = withEnvironment(parseConfigDocument(text, file), env)
  const { data, error } = configSchema.safeParse(document.value ?? {})
  const all = [...(error ? mistakesOf(error, document) : []), ...mistakes]
  if (data === undefined || all.length > 0) throw mistakesIn(file, all)
  return fromFile(data, (given) => path.resolve(path.dirname(file), given), document.placeOf)
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

function mistakesOf({ issues }: z.ZodError, document: ConfigDocument): Mistake[] {
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownKey(document, issue.path, key))
      : [],
  )
  const others = issues
    .filter(({ code }) => code !== 'unrecognized_keys')
    // An unknown key explains the one that is missing.
    .filter(({ path: where }) => !unknown.some(({ meant }) => meant === where.join('.')))
  return [...unknown, ...others.map((issue) => wrongValue(document, issue))]
}

function unknownKey(
  document: ConfigDocument,
  section: readonly PropertyKey[],
  key: string,
): Mistake & { meant: string } {
  const known = keysAt(section)
  const meant = nearest(key, known) ?? ''
  const what = `unknown key; did you mean ${meant}? (allowed: ${known.join(', ')})`
  return { ...mistake(document, [...section, key], what), meant: [...section, meant].join('.') }
}

function wrongValue(document: ConfigDocument, issue: z.core.$ZodIssue): Mistake {
  const { path: where } = issue
  if (issue.code !== 'invalid_type') return mistake(document, where, issue.message)
  const expected = LISTS[String(where.at(-1))] ?? EXPECTED[issue.expected] ?? issue.expected
  const isMissing = valueAt(document.value, where) === undefined
  return mistake(
    document,
    where,
    isMissing ? `is missing: give ${expected}` : `must be ${expected}`,
  )
}

function mistake(
  { placeOf, offsetOf }: ConfigDocument,
  where: readonly PropertyKey[],
  what: string,
): Mistake {
  const name = where.map(String).join('.')
  const subject = name === '' ? 'the file' : name
  const separator = /^(?:is|must|has) /.test(what) ? ' ' : ': '
  return { offset: offsetOf(where), what: `${placeOf(where)}: ${subject}${separator}${what}` }
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
