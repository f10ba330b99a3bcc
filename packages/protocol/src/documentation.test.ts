import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ERROR_CODES } from './errors.ts'
import { brokerMessageSchema, clientMessageSchema } from './messages.ts'
import { OPERATIONS } from './operations/index.ts'

const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8')
const vectors = readFileSync(
  new URL('../vectors/messagepack-dialect.json', import.meta.url),
  'utf8',
)

/** The names of all fields of a schema and the literals they may hold, at every level. */
function wordsOf(schema: z.ZodType): string[] {
  const words = new Set<string>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('properties' in node) for (const name of Object.keys(node.properties ?? {})) words.add(name)
    if ('const' in node && typeof node.const === 'string') words.add(node.const)
    if ('enum' in node && Array.isArray(node.enum)) for (const word of node.enum) words.add(word)
    Object.values(node).forEach(visit)
  }
  visit(z.toJSONSchema(schema, { unrepresentable: 'any' }))
  return [...words]
}

describe('docs/protocol.md', () => {
  test.each(ERROR_CODES)('says in a row of its table what %s means', (code) => {
    expect(page).toContain(`\n| \`${code}\` |`)
  })

  test.each(Object.keys(OPERATIONS))('has a section on %s', (operation) => {
    expect(page).toContain(`\n### ${operation}\n`)
  })

  test('names every field of every message, operation and event, and every word they may hold', () => {
    const schemas = Object.values(OPERATIONS).flatMap(({ params, result }) => [params, result])
    const words = [clientMessageSchema, brokerMessageSchema, ...schemas].flatMap(wordsOf)
    expect(words).toContain('maxRequestsInFlight')
    expect(words).toContain('session-closed')
    const named = page.match(/`[^`\n]+`/g)?.flatMap((code) => code.match(/[\w-]+/g) ?? [])
    const sections = page.match(/(?<=\n(### |\*\*))[\w-]+/g)
    const known = new Set([...(named ?? []), ...(sections ?? [])])
    expect(words.filter((word) => !known.has(word))).toEqual([])
  })

  test('has only frames in its worked example that stand in the vectors', () => {
    const [, example = ''] = page.split('\n# A worked example\n')
    const [frames = ''] = example.split('\n# ')
    const blocks = [...frames.matchAll(/```\n(.+?)```/gs)].map(([, block = '']) =>
      (block.match(/^(\s*[0-9a-f]+)( [0-9a-f]+)?(?=\s|$)/gm) ?? []).join('').replaceAll(/\s/g, ''),
    )
    expect(blocks).toHaveLength(4)
    for (const block of blocks) expect(vectors).toContain(`"frame": "${block}"`)
  })
})
