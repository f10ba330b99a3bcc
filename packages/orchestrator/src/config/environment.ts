import path from 'node:path'
import type { z } from 'zod'
import type { ConfigDocument } from './document.ts'
import type { Mistake } from './mistakes.ts'
import { configSchema } from './schema.ts'

/** A key of the config, and the variable that says the same. */
interface EnvironmentSetting {
  path: readonly string[]
  variable: string
  schema: z.ZodType
}

/** Those that clients know too have the name that they know. */
const GIVEN_NAMES: Readonly<Record<string, string>> = {
  testbed: 'NAC_TEST_TESTBED',
  crash_policy: 'NAC_BROKER_POLICY',
}

/** Beside the working directory, as behind a flag; what the file names is beside the file. */
const FILES = new Set(['testbed', 'report_dir'])

const { broker, distributed, status, workers: _, watch: _watch, ...others } = configSchema.shape

/** Every key but the lists; the README's table is tested against it. */
export const ENVIRONMENT: readonly EnvironmentSetting[] = [
  ...settingsOf([], others),
  ...settingsOf(['broker'], broker.unwrap().shape),
  ...settingsOf(['distributed'], distributed.unwrap().shape),
  ...settingsOf(['status'], status.unwrap().shape, 'STATUS_'),
]

/**
 * What a run tells its workers of itself, and what no two runs can share: for who is started in a worker
 * these are of the run outside.
 */
const OF_THE_RUN_OUTSIDE = [
  'NAC_TEST_TESTBED',
  'NAC_BROKER_STORE',
  'NAC_BROKER_POLICY',
  'NAC_BROKER_CONNECT_TIMEOUT_MS',
  'NAC_BROKER_REPORT_DIR',
  'NAC_BROKER_STATUS_PORT',
]

/** The environment as far as it has settings for us. */
export function ownEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!env['NAC_BROKER_WORKER']) return env
  const own = Object.entries(env).filter(([name]) => !OF_THE_RUN_OUTSIDE.includes(name))
  return Object.fromEntries(own)
}

/**
 * The document as it were if it said what the environment says, and what is wrong with that. An empty variable says
 * nothing.
 */
export function withEnvironment(
  document: ConfigDocument,
  env: NodeJS.ProcessEnv,
): { document: ConfigDocument; mistakes: Mistake[] } {
  const own = ownEnvironment(env)
  const said = ENVIRONMENT.filter(({ variable }) => own[variable])
  const mistakes: Mistake[] = []
  let { value } = document
  for (const setting of said) {
    const text = own[setting.variable] ?? ''
    const { error } = setting.schema.safeParse(text)
    if (error) {
      const what = `${setting.variable}: ${error.issues[0]?.message}`
      mistakes.push({ offset: Infinity, what })
      continue
    }
    const isFile = FILES.has(setting.path.join('.'))
    value = withValue(value, setting.path, isFile ? path.resolve(text) : text)
  }
  const variableAt = (where: readonly PropertyKey[]): string | undefined =>
    said.find((setting) => setting.path.join('.') === where.join('.'))?.variable
  const placeOf: ConfigDocument['placeOf'] = (where) => variableAt(where) ?? document.placeOf(where)
  return { document: { ...document, value, placeOf }, mistakes }
}

/** What is no mapping stays as it is: that is the mistake to tell of. */
function withValue(
  section: unknown,
  [key = '', ...rest]: readonly string[],
  text: string,
): unknown {
  if (section !== undefined && (typeof section !== 'object' || Array.isArray(section)))
    return section
  const old = section as Record<string, unknown> | undefined
  return { ...old, [key]: rest.length === 0 ? text : withValue(old?.[key], rest, text) }
}

function settingsOf(
  section: readonly string[],
  shape: Readonly<Record<string, z.ZodType>>,
  prefix = '',
): EnvironmentSetting[] {
  return Object.entries(shape).map(([key, schema]) => ({
    path: [...section, key],
    variable: GIVEN_NAMES[key] ?? `NAC_BROKER_${prefix}${key.toUpperCase()}`,
    schema,
  }))
}
