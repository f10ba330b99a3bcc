import { expect, it } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

function split(...chunks: Buffer[]): string[] {
  const lines: string[] = []
  const splitter = new LineSplitter((line) => lines.push(line))
  for (const chunk of chunks) splitter.push(chunk)
  splitter.end()
  return lines
}

it('puts lines together from single bytes, multi-byte characters included', () => {
  const bytes = [...Buffer.from('één\r\n\ntwee\ndrie ✓')].map((byte) => Buffer.from([byte]))
  expect(split(...bytes)).toEqual(['één', '', 'twee', 'drie ✓'])
})

it('does not collect output that has no line ends', () => {
  const lines = split(Buffer.alloc(100_000, 'a'), Buffer.alloc(100_000, 'b'))
  expect(lines.map(({ length }) => length)).toEqual([100_000, 100_000])
})
