import { expect, it } from 'vitest'
import { z } from 'zod'
import { firstIssue } from './first-issue.ts'
import { clientMessageSchema } from './messages.ts'
import { OPERATIONS } from './operations/index.ts'

const execute = OPERATIONS.execute.params
const configure = OPERATIONS.configure.params
const setting = z.object({
  ms: z.union([z.number().int().min(1), z.literal('off')]).exactOptional(),
  keys: z.enum(['strict', 'insecure']).exactOptional(),
  share: z.number().positive().max(1).exactOptional(),
})

it.each<[z.ZodType, unknown, string]>([
  [execute, {}, 'device: missing'],
  [execute, undefined, 'must be a map, not undefined'],
  [execute, ['r1'], 'must be a map, not a list'],
  [execute, { device: '', command: 'x' }, 'device: must not be empty'],
  [
    execute,
    { device: 'r'.repeat(256), command: 'x' },
    'device: has 256 characters; at most 255 are allowed',
  ],
  [execute, { device: 'r1', command: 7 }, 'command: must be text, not 7'],
  [execute, { device: 'r1', command: null }, 'command: must be text, not null'],
  [execute, { device: 'r1', command: 'x', cache: 'no' }, 'cache: must be true or false, not text'],
  [configure, { device: 'r1', lines: [] }, 'lines: must not be empty'],
  [configure, { device: 'r1', lines: ['hostname r2', ''] }, 'lines.1: must not be empty'],
  [configure, { device: 'r1', lines: 'enable secret x' }, 'lines: must be a list, not text'],
  [
    configure,
    { device: 'r1', lines: Array<string>(100_001).fill('x') },
    'lines: has 100001 items; at most 100000 are allowed',
  ],
  [clientMessageSchema, { type: 'helo' }, 'type: must be hello, request or cancel, not "helo"'],
  [clientMessageSchema, {}, 'type: missing'],
  [clientMessageSchema, { type: 'cancel', id: 1.5 }, 'id: must be a whole number, not 1.5'],
  [clientMessageSchema, { type: 'cancel', id: -1 }, 'id: must be at least 0, not -1'],
  [setting, { ms: 0 }, 'ms: must be at least 1, not 0'],
  [setting, { ms: 'of' }, 'ms: must be a number or off, not "of"'],
  [setting, { keys: 'lax' }, 'keys: must be strict or insecure, not "lax"'],
  [setting, { keys: 'x'.repeat(41) }, 'keys: must be strict or insecure, not text'],
  [setting, { share: 0 }, 'share: must be more than 0, not 0'],
  [setting, { share: 2 }, 'share: must be at most 1, not 2'],
  [setting.strict(), { colour: 'red' }, 'has the unknown key "colour"'],
])('names field, value and what is allowed (%#)', (schema, value, words) => {
  const { error } = schema.safeParse(value)
  expect(error && firstIssue(error, value)).toBe(words)
})
