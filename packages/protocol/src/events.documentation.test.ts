import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { eventSchema } from './events.ts'
import { rowsOf } from './fields.fixture.ts'
import { lifecycleEventSchema } from './lifecycle-events.ts'

const page = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8')

/** Each section's example, by the kind that the section is on. */
const examples = new Map(
  page
    .split('\n### ')
    .slice(1)
    .map((section): [string, unknown] => {
      const [, json = 'null'] = /```json\n(.+?)\n```/s.exec(section) ?? []
      return [section.split('\n', 1)[0] ?? '', JSON.parse(json)]
    }),
)

const kinds = [...new Set(eventSchema.options.map(({ shape }) => shape.event.value))]

describe('docs/events.md', () => {
  test.each(kinds)(
    'has an example of %s that is what the schema says, and nothing beside',
    (kind) => {
      const example = examples.get(kind)
      expect(example).toMatchObject({ event: kind })
      // What the schema does not know it leaves out.
      expect(eventSchema.parse(example)).toEqual(example)
    },
  )

  test('has an example of each way in which a client stands with its broker', () => {
    const [, section = ''] = page.split('\n## A client and its broker\n')
    const [, lines = ''] = /```json\n(.+?)\n```/s.exec(section) ?? []
    const told: unknown[] = lines.split('\n').map((line) => JSON.parse(line))
    expect(told.map((example) => lifecycleEventSchema.parse(example))).toEqual(told)
    const states = lifecycleEventSchema.options.map(({ shape }) => shape.event.value)
    expect(told).toEqual(states.map((event) => expect.objectContaining({ event }) as unknown))
  })

  test('says the fields of each kind of event as its schema has them', () => {
    const [, section = ''] = page.split('\n## All fields\n')
    const rows = section.split('\n').filter((line) => line.startsWith('| `'))
    expect(rows).toEqual([...rowsOf(eventSchema.options), ...rowsOf(lifecycleEventSchema.options)])
  })

  test('has sections on events that there are, and on no others', () => {
    expect([...examples.keys()].toSorted()).toEqual(kinds.toSorted())
  })
})
