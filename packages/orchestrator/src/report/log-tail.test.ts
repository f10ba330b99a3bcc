import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, test } from 'vitest'
import { logTail } from './log-tail.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-log-'))
})

afterAll(() => rm(folder, { recursive: true }))

test.each([
  ['nothing', '', ''],
  ['all of a short log', 'one\ntwo\n', 'one\ntwo'],
  [
    'the last forty lines',
    'line\n'.repeat(50),
    Array.from({ length: 40 }, () => 'line').join('\n'),
  ],
  [
    'whole lines',
    `${'é'.repeat(3_000)}\n${'x'.repeat(4_000)}\nlast\n`,
    `${'x'.repeat(4_000)}\nlast`,
  ],
  ['the end of an endless line', 'x'.repeat(9_000), 'x'.repeat(4_096)],
  ['text without its colours', '\u001b[31mred\u001b[0m\n', 'red'],
])('returns %s', async (_, log, expected) => {
  const file = path.join(folder, 'worker.log')
  await writeFile(file, log)
  expect(await logTail(file)).toBe(expected)
})

it('returns nothing of a log that is not there', async () => {
  expect(await logTail(path.join(folder, 'no.log'))).toBe('')
})
