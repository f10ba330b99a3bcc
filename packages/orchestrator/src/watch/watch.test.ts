import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { FailureDetector, systemClock, type UnitEvent } from '@nac-broker/supervisor'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Guard, startGuard } from '../guard.ts'
import { processEntry } from '../process-table.ts'
import { startWatching } from './start-watching.ts'
import { requireWatchable, type WatchSpec } from './watch-spec.ts'

let folder: string
let guard: Guard

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-watch-'))
  guard = await startGuard()
})

afterAll(async () => {
  await guard.close()
  await rm(folder, { recursive: true })
})

interface Watching extends AsyncDisposable {
  readonly seen: UnitEvent[]
  /** Resolves with the next event that is so. */
  next(state: UnitEvent['state']): Promise<UnitEvent>
}

function watch(spec: Omit<WatchSpec, 'name'>): Watching {
  const seen: UnitEvent[] = []
  const waiting = new Set<(event: UnitEvent) => void>()
  const detector = new FailureDetector({
    onEvent(event) {
      seen.push(event)
      for (const tell of waiting) tell(event)
    },
  })
  const options = { detector, guard, env: process.env, clock: systemClock }
  const watching = startWatching([{ name: 'lab', ...spec }], options)
  return {
    seen,
    next: (state) =>
      new Promise((resolve) => {
        const tell = (event: UnitEvent): void => {
          if (event.state !== state) return
          waiting.delete(tell)
          resolve(event)
        }
        waiting.add(tell)
      }),
    async [Symbol.asyncDispose]() {
      await watching[Symbol.asyncDispose]()
      detector[Symbol.dispose]()
    },
  }
}

/** All of it at once: nobody reads half of it. */
async function say(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}

it('what is watched fails when its command says so, once, and is ready when it is live again', async () => {
  const file = path.join(folder, 'state')
  await say(file, 'active\n')
  const lab = watch({ command: ['cat', file], live: ['active'], everyMs: 50 })
  await lab.next('ready')
  const failed = lab.next('failed')
  await say(file, 'inactive\n')
  expect(await failed).toHaveProperty('cause', 'cat says "inactive" (exit code 0)')
  const ready = lab.next('ready')
  await say(file, 'active\n')
  await ready
  await lab[Symbol.asyncDispose]()
  expect(lab.seen.map(({ state }) => state)).toEqual([
    'starting',
    'ready',
    'failed',
    'starting',
    'ready',
    'stopping',
    'stopped',
  ])
})

it('without words its exit code says whether it is live', async () => {
  const dead = path.join(folder, 'dead')
  await using lab = watch({ command: ['sh', '-c', `[ ! -e ${dead} ] || exit 3`], everyMs: 50 })
  await lab.next('ready')
  const failed = lab.next('failed')
  await writeFile(dead, '')
  expect(await failed).toHaveProperty('cause', 'sh: exit code 3')
})

it('a command that hangs is ended with all that it started, and the third time is a failure', async () => {
  const pids = path.join(folder, 'pids')
  const script = `sleep 600 & echo $! $$ >> ${pids}; wait`
  const lab = watch({ command: ['sh', '-c', script], everyMs: 50 })
  const failed = await lab.next('failed')
  expect(failed).toHaveProperty('cause', 'no answer within 1000 ms, 3 times in a row')
  await lab[Symbol.asyncDispose]()
  const started = (await readFile(pids, 'utf8')).trim().split(/\s+/).map(Number)
  const alive = started.filter((pid) => !'ZX'.includes(processEntry(pid)?.state ?? 'X'))
  expect(alive).toEqual([])
})

it('a program that is not there, or a name that is there twice, is refused in one line', () => {
  const lab = { name: 'lab', command: ['no-such-program'], place: 'nac-broker.yaml:7' }
  expect(() => requireWatchable([lab], process.env)).toThrow(
    'nac-broker.yaml:7: watch "lab": cannot start "no-such-program": there is no such program; install it, or give its path',
  )
  const here = { name: 'lab', command: ['node'] }
  expect(() => requireWatchable([here, here], {})).toThrow('watch "lab" is there twice')
  expect(() => requireWatchable([{ name: 'x', command: [folder] }], {})).toThrow('cannot start')
})
