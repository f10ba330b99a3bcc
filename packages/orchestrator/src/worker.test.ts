import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { existsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Clock, systemClock, VirtualClock } from '@nac-broker/supervisor'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runWorker, type WorkerEnd } from './worker.ts'
import { type LineListener, WorkerLog } from './worker-log.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-worker-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** Of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

/** Runs a shell script; `up` resolves when it has printed a line. */
function start(
  script: string,
  options: {
    onLine?: LineListener | 'nobody'
    signal?: AbortSignal
    timeoutMs?: number
    idleTimeoutMs?: number
    clock?: Clock
    onExit?: (end: WorkerEnd) => void
  } = {},
): { end: Promise<WorkerEnd>; up: Promise<string>; log: () => Promise<string> } {
  const { promise: up, resolve } = Promise.withResolvers<string>()
  const file = path.join(folder, 'log')
  const { onLine = resolve } = options
  const log = new WorkerLog(file, onLine === 'nobody' ? undefined : onLine)
  const never = new AbortController().signal
  const { signal = never, timeoutMs, idleTimeoutMs, clock = systemClock, onExit } = options
  const end = runWorker(
    {
      name: 'w',
      command: ['sh', '-c', script],
      env: {},
      timeoutMs,
      idleTimeoutMs,
      device: undefined,
    },
    { env: process.env, log, signal, hurry: never, clock, onExit },
  ).finally(() => log.close())
  return { end, up, log: () => readFile(file, 'utf8') }
}

it('lets the orchestrator go first where there is not enough processor for all', async () => {
  const worker = start(
    'until [ "$(cut -d" " -f19 /proc/$$/stat)" = 10 ]; do sleep 0.05; done; echo nice; exit 0',
  )
  expect(await worker.up).toBe('nice')
  expect(await worker.end).toMatchObject({ status: 'passed' })
})

it.skipIf(!existsSync('/proc/self/autogroup'))('and among sessions too', async () => {
  const worker = start(
    'until grep -q "nice 10" /proc/$$/autogroup; do sleep 0.05; done; echo nice; exit 0',
  )
  expect(await worker.up).toBe('nice')
  expect(await worker.end).toMatchObject({ status: 'passed' })
})

it('kills a worker that does not end within the grace', async () => {
  const stop = new AbortController()
  const clock = new VirtualClock()
  const { signal } = stop
  const worker = start('trap "" TERM; echo up; while :; do sleep 0.05; done', { signal, clock })
  await worker.up
  stop.abort(new Error('enough'))
  await clock.advance(4_999)
  expect(clock.pending).toBeGreaterThan(0)
  await clock.advance(1)
  expect(await worker.end).toEqual({ status: 'cancelled', signal: 'SIGKILL', reason: 'enough' })
})

it('gives what a worker has started the grace as well', async () => {
  const stop = new AbortController()
  const child = `trap "echo cleaned; exit" TERM; echo up; while :; do sleep 0.05; done`
  const worker = start(`sh -c '${child}' & wait`, stop)
  await worker.up
  stop.abort(new Error('enough'))
  expect(await worker.end).toMatchObject({ status: 'cancelled', signal: 'SIGTERM' })
  expect(await worker.log()).toContain('cleaned')
})

it('fails a worker that is not finished in time', async () => {
  const { end } = start('exec sleep 60', { timeoutMs: 100 })
  const reason = 'not finished after 0.1 s'
  expect(await end).toEqual({ status: 'failed', signal: 'SIGTERM', reason })
})

it('kills a worker that is not finished in time and does not listen either', async () => {
  const clock = new VirtualClock()
  const script = 'trap "" TERM; echo up; while :; do sleep 0.05; done'
  const worker = start(script, { timeoutMs: 10_000, clock })
  await worker.up
  await clock.advance(14_999)
  expect(clock.pending).toBeGreaterThan(0)
  await clock.advance(1)
  const reason = 'not finished after 10 s'
  expect(await worker.end).toEqual({ status: 'failed', signal: 'SIGKILL', reason })
})

it('counts a worker as cancelled although its time is over before it has ended', async () => {
  const stop = new AbortController()
  const clock = new VirtualClock()
  const script = 'trap "" TERM; echo up; while :; do sleep 0.05; done'
  const worker = start(script, { signal: stop.signal, timeoutMs: 1_000, clock })
  await worker.up
  stop.abort(new Error('enough'))
  await clock.advance(5_000)
  expect(await worker.end).toMatchObject({ status: 'cancelled', reason: 'enough' })
})

it('does not wait for a grandchild that left the group and holds the pipes', async () => {
  const left = path.join(folder, 'left')
  const grandchild = `echo $$; : > ${left}; exec sleep 60`
  const worker = start(`setsid sh -c '${grandchild}' & until [ -e ${left} ]; do sleep 0.05; done`)
  const pid = Number(await worker.up)
  expect(await worker.end).toEqual({ status: 'passed', exitCode: 0 })
  process.kill(pid, 'SIGKILL')
})

it('tells at once of the death of a worker whose output a grandchild still holds', async () => {
  const left = path.join(folder, 'left')
  const clock = new VirtualClock()
  const exited = Promise.withResolvers<WorkerEnd>()
  const grandchild = `echo $$; : > ${left}; exec sleep 60`
  const worker = start(
    `setsid sh -c '${grandchild}' & until [ -e ${left} ]; do sleep 0.05; done; kill -KILL $$`,
    { clock, onExit: exited.resolve },
  )
  const pid = Number(await worker.up)
  const death = { status: 'failed', signal: 'SIGKILL', reason: 'killed by SIGKILL' }
  // No time goes by, so that nothing that waits for the output comes to an end.
  expect(await exited.promise).toEqual(death)
  await clock.advance(1_000)
  expect(await worker.end).toEqual(death)
  process.kill(pid, 'SIGKILL')
})

it('does not wait for such a grandchild either where nobody listens', async () => {
  const left = path.join(folder, 'left')
  const grandchild = `echo $$ > ${left}.new; mv ${left}.new ${left}; exec sleep 60`
  const script = `setsid sh -c '${grandchild}' & until [ -e ${left} ]; do sleep 0.05; done`
  expect(await start(script, { onLine: 'nobody' }).end).toEqual({ status: 'passed', exitCode: 0 })
  process.kill(Number(await readFile(left, 'utf8')), 'SIGKILL')
})

it('takes what is written into its log for a sign of life', async () => {
  const startedAt = systemClock.wallTime().getTime()
  class Today extends VirtualClock {
    override wallTime(): Date {
      return new Date(startedAt + this.now())
    }
  }
  const clock = new Today()
  const script = 'trap "" TERM; echo up; while :; do sleep 0.05; done'
  const worker = start(script, { idleTimeoutMs: 60_000, clock })
  await worker.up
  const written = new Date(startedAt + 50_000)
  await utimes(path.join(folder, 'log'), written, written)
  await clock.advance(109_000)
  expect(clock.pending).toBeGreaterThan(0)
  await clock.advance(1_000 + 5_000)
  const reason = 'silent for 60 s'
  expect(await worker.end).toEqual({ status: 'failed', signal: 'SIGKILL', reason })
})

it('reads no faster than its listener, and loses nothing', async () => {
  const lines = 50_000
  // 100 bytes with the line end; a pipe is read 64 KiB at a time.
  const line = 'x'.repeat(99)
  const inOneRead = Math.ceil(65_536 / 100) + 1
  let heard = 0
  const all = Promise.withResolvers<void>()
  let unheard = 0
  let most = 0
  const worker = start(`yes ${line} | head -n ${lines}`, {
    async onLine() {
      most = Math.max(most, ++unheard)
      // Long enough for many reads of who does not wait.
      for (let i = 0; i < 20; i++) {
        await turn()
      }
      unheard--
      if (++heard === lines) all.resolve()
    },
  })
  expect(await worker.end).toMatchObject({ status: 'passed' })
  expect(await worker.log()).toHaveLength(lines * 100)
  await all.promise
  // Of a worker that has ended, what was left in the pipe is read at once.
  expect(most).toBeLessThan(10 * inOneRead)
})

it('has the whole output of a worker in its log, though its listener never gets further', async () => {
  const told = path.join(folder, 'told')
  const script = `echo first; until [ -e ${told} ]; do sleep 0.01; done; yes | head -n 30000`
  const onLine = (): Promise<void> => {
    writeFileSync(told, '')
    return new Promise(() => {})
  }
  const worker = start(script, { onLine })
  expect(await worker.end).toMatchObject({ status: 'passed' })
  expect(await worker.log()).toHaveLength('first\n'.length + 60_000)
})

it('leaves nothing behind of a worker that ended by itself', async () => {
  const worker = start('sleep 60 & echo $!')
  const pid = Number(await worker.up)
  expect(await worker.end).toEqual({ status: 'passed', exitCode: 0 })
  const stat = (): Promise<string> => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone')
  // It was killed, which the system may take a moment for; alive, it would be so for a minute.
  while (!/^gone$|\) [XZ] /.test(await stat())) await turn()
})

it('says what killed a worker', async () => {
  const end = await start('kill -SEGV $$').end
  expect(end).toEqual({ status: 'failed', signal: 'SIGSEGV', reason: 'killed by SIGSEGV' })
})

/** How a command ends that cannot be started, and what its log says. */
async function refused(command: string[], env = process.env): Promise<[WorkerEnd, string]> {
  const file = path.join(folder, 'log')
  const log = new WorkerLog(file, undefined)
  const { signal } = new AbortController()
  const context = { env, log, signal, hurry: signal, clock: systemClock }
  const none = { timeoutMs: undefined, idleTimeoutMs: undefined, device: undefined }
  const end = await runWorker({ name: 'w', env: {}, ...none, command }, context)
  log.close()
  return [end, await readFile(file, 'utf8')]
}

it('says why a program cannot be started', async () => {
  const reason = `cannot start "${folder}": it is not executable`
  expect(await refused([folder])).toEqual([
    { status: 'failed', reason, isFutile: true },
    `nac-broker: ${reason}\n`,
  ])
})

it.each([
  ['#!/nowhere/python3 -u\n', 'its interpreter "/nowhere/python3" does not exist'],
  ['#! /bin/sh\r\n', 'its interpreter "/bin/sh\\r" does not exist'],
])('tells a script without its interpreter from one that is not there: %j', async (text, why) => {
  const script = path.join(folder, 'script')
  await writeFile(script, text, { mode: 0o755 })
  const failed = { status: 'failed', isFutile: true }
  const found = { ...failed, reason: `cannot start "${script}": ${why}` }
  expect((await refused([script]))[0]).toEqual(found)
  const inPath = { ...failed, reason: `cannot start "script": ${why}` }
  expect((await refused(['script'], { PATH: `/nowhere:${folder}` }))[0]).toEqual(inPath)
  const gone = { ...failed, reason: `cannot start "${script}2": there is no such program` }
  expect((await refused([`${script}2`]))[0]).toEqual(gone)
})

it('says that it is the interpreter that cannot be started where that is a script without one', async () => {
  const interpreter = path.join(folder, 'interpreter')
  const script = path.join(folder, 'script')
  await writeFile(interpreter, '#!/nowhere/sh\n', { mode: 0o755 })
  await writeFile(script, `#!${interpreter}\n`, { mode: 0o755 })
  expect((await refused([script]))[0]).toMatchObject({
    reason: `cannot start "${script}": its interpreter "${interpreter}" cannot be started`,
  })
})
