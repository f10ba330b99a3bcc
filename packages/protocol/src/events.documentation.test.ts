import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { eventSchema } from './events.ts'

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

  test('has sections on events that there are, and on no others', () => {
    expect([...examples.keys()].toSorted()).toEqual(kinds.toSorted())
  })
})
