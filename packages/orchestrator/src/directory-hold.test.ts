import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { holdDirectory } from './directory-hold.ts'

const FIXTURE = path.join(import.meta.dirname, 'directory-hold.fixture.ts')

const MODULE = path.join(import.meta.dirname, 'directory-hold.ts')

let directory: string

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'nac-broker-hold-'))
  return () => rmSync(directory, { recursive: true })
})

/** A process that takes the directory so many times; `line` is its next one. */
async function contender(
  times: number,
): Promise<{ begin: () => void; line: () => Promise<string> }> {
  const child = spawn(process.execPath, [FIXTURE, directory, String(times)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => (await lines.next()).value ?? 'nothing'
  expect(await line()).toBe('up')
  return { begin: () => void child.stdin.write('go'), line }
}

test('a directory that is held is not held a second time, in the same process neither, until it is let go', () => {
  const refused = `${directory} belongs to a run that goes on, of pid ${process.pid}; choose another --report-dir`
  {
    using _ = holdDirectory(directory)
    expect(() => holdDirectory(directory)).toThrow(refused)
  }
  expect(readdirSync(directory)).toEqual([])
  using _ = holdDirectory(directory)
})

test('of those who find at once that who held it is dead, one gets it', async () => {
  const contenders = await Promise.all(Array.from({ length: 3 }, () => contender(300)))
  for (const { begin } of contenders) begin()
  const alone = '0 times not alone'
  expect(await Promise.all(contenders.map(({ line }) => line()))).toEqual([alone, alone, alone])
})

test('a process that is killed holds it no more', async () => {
  const script = `import { holdDirectory } from ${JSON.stringify(MODULE)}
    holdDirectory(${JSON.stringify(directory)})
    console.log('held')
    setInterval(() => {}, 1e6)`
  const args = ['--input-type=module', '-e', script]
  const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  const refused = `${directory} belongs to a run that goes on, of pid ${holder.pid}; choose another --report-dir`
  expect(() => holdDirectory(directory)).toThrow(refused)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  using _ = holdDirectory(directory)
})

test('one who lets it go does not take it from who has it since', () => {
  const first = holdDirectory(directory)
  const [place = ''] = readdirSync(directory)
  rmSync(path.join(directory, place), { recursive: true })
  using _ = holdDirectory(directory)
  first[Symbol.dispose]()
  expect(() => holdDirectory(directory)).toThrow(/belongs to a run that goes on/)
})
