import { z } from 'zod'
import type { TestbedNode } from './document.ts'
import { misspelling } from './hint.ts'
import { invalid } from './place.ts'

/** Scalars arrive as text, whatever YAML makes of them; keys that are not named here are ignored. */
const text = z.string()
export const mappingSchema = z.record(z.string(), z.unknown())

const port = z
  .string()
  .refine(isPort, {
    error: ({ input }) => `must be a number from 1 to 65535, not "${String(input)}"`,
  })
  .transform(Number)

export const documentSchema = z.object({
  testbed: z.object({ name: text.exactOptional() }).exactOptional(),
  devices: mappingSchema.exactOptional(),
})

/** Read before anything else of a device: of an `os` we do not know, nothing else is looked at. */
export const osSchema = z.object({ os: text })

export const credentialSchema = z.object({
  username: text.exactOptional(),
  password: text.exactOptional(),
})

/** What says which of a device's connections is used. */
export const defaultsSchema = z.object({ via: text.exactOptional() })

export const connectionKindSchema = z.object({
  protocol: text.exactOptional(),
  command: text.exactOptional(),
  class: text.exactOptional(),
})

export const connectionSchema = z.object({
  command: text.exactOptional(),
  ip: text.exactOptional(),
  host: text.exactOptional(),
  port: port.exactOptional(),
  ssh_options: text.exactOptional(),
  arguments: z.object({ init_config_commands: z.array(text).exactOptional() }).exactOptional(),
})

export function isPort(value: string): boolean {
  return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535
}

/** Whom an error is about: `device "r1"`, and its name where the error is one device's. */
export interface Subject {
  words: string
  device?: string | undefined
}

/**
 * What the schema makes of the node.
 * @throws {BrokerError} `TESTBED_INVALID` with the place of what does not fit.
 */
export function read<Shape extends z.ZodType>(
  schema: Shape,
  node: TestbedNode,
  { words, device }: Subject,
): z.output<Shape> {
  const result = schema.safeParse(plain(node))
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path = (issue?.path ?? []).map(String)
  const { found, missing } = locate(node, path)
  if (found.kind === 'refused') throw invalid(found.place, `${words} ${found.reason}`, device)
  const name = path.join('.')
  if (missing) {
    const hint = misspelling(found, path.at(-1) ?? '')
    throw invalid(hint?.place ?? found.place, `${words} has no ${name}${hint?.words ?? ''}`, device)
  }
  const label = name === '' ? words : `${words}: ${name}`
  if (issue?.code !== 'invalid_type') {
    throw invalid(found.place, `${label} ${issue?.message ?? 'is wrong'}`, device)
  }
  const expected = EXPECTED[issue.expected] ?? issue.expected
  const hint = found.kind === 'nothing' ? '; what belongs to it goes below it, indented' : ''
  const what = `${label} must be ${expected}, not ${GOT[found.kind]}${hint}`
  throw invalid(found.place, what, device)
}

/** The value of a key that is there; a key without a value counts as absent. */
export function entry(node: TestbedNode | undefined, key: string): TestbedNode | undefined {
  const value = node?.kind === 'map' ? node.entries.get(key) : undefined
  return value?.kind === 'nothing' ? undefined : value
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
}

const GOT: Readonly<Record<Exclude<TestbedNode['kind'], 'refused'>, string>> = {
  text: 'text',
  nothing: 'empty',
  list: 'a list',
  map: 'a mapping',
}

/** Plain values for zod. A refused node is null, which no schema of ours takes for a value. */
function plain(node: TestbedNode): unknown {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'list':
      return node.items.map(plain)
    case 'map': {
      const filled = [...node.entries].filter(([, value]) => value.kind !== 'nothing')
      return Object.fromEntries(filled.map(([key, value]) => [key, plain(value)]))
    }
    case 'nothing':
    case 'refused':
      return null
  }
}

/** The node at the path, or the last one on the way to it. */
function locate(
  node: TestbedNode,
  path: readonly string[],
): { found: TestbedNode; missing: boolean } {
  let found = node
  for (const key of path) {
    const next = found.kind === 'list' ? found.items[Number(key)] : entry(found, key)
    if (!next) return { found, missing: true }
    found = next
  }
  return { found, missing: false }
}
