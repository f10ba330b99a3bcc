import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, watch } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { systemClock } from '@nac-broker/supervisor'
import { afterEach, expect, it } from 'vitest'
import { killGroups } from './guard-kill.ts'
import { startGuard } from './guard.ts'
import { waitedOnMachineMs } from './machine-wait.fixture.ts'
import { allProcesses, processEntry } from './process-table.ts'

const FIXTURE = path.join(import.meta.dirname, 'guard.fixture.ts')
const started = new Set<number>()

afterEach(() => {
  for (const pid of started) kill(pid)
  started.clear()
})

function kill(target: number): void {
  try {
    process.kill(target, 'SIGKILL')
  } catch {
    // As it should be.
  }
}

/** A process, leading its own group, that answers what it is asked while it lives. */
function bystander(): { pid: number; answers: () => Promise<boolean> } {
  const child = spawn('cat', { detached: true, stdio: ['pipe', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  child.stdin.on('error', () => {})
  const pid = child.pid as number
  started.add(pid)
  return {
    pid,
    answers() {
      child.stdin.write('hello\n')
      return Promise.race([once(child.stdout, 'data').then(() => true), exited.then(() => false)])
    },
  }
}

/** Resolves when there is nothing of that name any more. */
async function removed(directory: string): Promise<void> {
  const watcher = watch(path.dirname(directory))
  while (existsSync(directory)) await once(watcher, 'change')
  watcher.close()
}

/** The fixture, in a group of its own. */
class Orchestrator {
  readonly process: ChildProcess
  readonly pid: number
  readonly #lines: AsyncIterator<string>
  /** Ends with the last of the workers and what they have started. */
  readonly #workerLines: AsyncIterator<string>

  constructor() {
    this.process = spawn(process.execPath, [FIXTURE], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    })
    this.pid = this.process.pid as number
    started.add(this.pid)
    const [, stdout, , workers] = this.process.stdio as Readable[]
    this.#lines = linesOf(stdout as Readable)
    this.#workerLines = linesOf(workers as Readable)
  }

  async order(order: object): Promise<void> {
    this.send(order)
    await this.said('done')
  }

  send(order: object): void {
    ;(this.process.stdin as Writable).write(`${JSON.stringify(order)}\n`)
  }

  /** The next line that has this in it. */
  async said(what: string): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done) throw new Error(`it ended without saying "${what}"`)
      if (value.includes(what)) return value
    }
  }

  /** Resolves when the worker has printed the pids of itself and what it has started. */
  async run(...command: string[]): Promise<number[]> {
    await this.order({ run: command })
    const { value } = await this.#workerLines.next()
    const pids = String(value).split(' ').map(Number)
    for (const pid of pids) started.add(pid)
    return pids
  }

  /**
   * Kills it, and whoever is in its group. Resolves when nobody holds the workers' output any more, to
   * how long that took in milliseconds, without the time in which somebody waited for a processor.
   */
  async killed(): Promise<number> {
    const busyBefore = waitedOnMachineMs()
    const killedAt = systemClock.now()
    process.kill(-this.pid, 'SIGKILL')
    const { value, done } = await this.#workerLines.next()
    if (!done) throw new Error(`a worker said "${value}"`)
    return systemClock.now() - killedAt - (waitedOnMachineMs() - busyBefore)
  }

  get guardPid(): number {
    const guard = allProcesses()?.find(
      ({ pid, parent }) =>
        parent === this.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('guard-main'),
    )
    if (!guard) throw new Error('it has no guard')
    return guard.pid
  }
}

function linesOf(input: Readable): AsyncIterator<string> {
  return createInterface({ input })[Symbol.asyncIterator]()
}

const TESTBED = `
testbed: {credentials: {default: {username: admin, password: admin}}}
devices:
  r1: {os: iosxe, connections: {cli: {protocol: ssh, ip: 127.0.0.1, port: 1}}}
`
const SHELL = 'sleep 600 & echo $$ $!; wait'
const DEAF_SHELL = 'trap "" TERM; setsid sleep 600 & echo $$ $!; while :; do wait; done'
const DEAF_PYTHON = `
import os, signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
other_session = subprocess.Popen(['sleep', '600'], start_new_session=True)
print(os.getpid(), other_session.pid, flush=True)
signal.pause()`
const SECOND_MS = 1_000
const hasPython = spawnSync('python3', ['--version']).status === 0

it('ends every worker and what it has started within a second of the death of the orchestrator', async () => {
  const orchestrator = new Orchestrator()
  const deaf = hasPython ? ['python3', '-c', DEAF_PYTHON] : ['sh', '-c', DEAF_SHELL]
  const pids = [
    ...(await orchestrator.run('sh', '-c', SHELL)),
    ...(await orchestrator.run(...deaf)),
  ]
  expect(pids).toHaveLength(4)
  expect(await orchestrator.killed()).toBeLessThan(SECOND_MS)
})

it('ends what a worker has left behind when the worker itself has ended already', async () => {
  const orchestrator = new Orchestrator()
  await orchestrator.run('sh', '-c', 'sleep 600 & echo $$ $!')
  await orchestrator.said('worker ended')
  expect(await orchestrator.killed()).toBeLessThan(SECOND_MS)
})

it('ends whoever has the mark of the run, though nobody has told of it and its parents are gone', async () => {
  const orchestrator = new Orchestrator()
  const mark = `NAC_BROKER_RUN_ID=guard-test-${process.pid}`
  await orchestrator.order({ mark })
  // A session of its own, begun by a process that has ended, which had a session of its own.
  const script = `env ${mark} setsid sh -c 'setsid sleep 600 & echo $!'`
  const [pid = 0] = await orchestrator.run('sh', '-c', script)
  await orchestrator.said('worker ended')
  expect(processEntry(pid)?.parent).not.toBe(orchestrator.pid)
  expect(await orchestrator.killed()).toBeLessThan(SECOND_MS)
})

it('ends a broker process that cannot end itself, and removes what it had for its socket', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-guard-'))
  await writeFile(path.join(folder, 'testbed.yaml'), TESTBED)
  const orchestrator = new Orchestrator()
  orchestrator.send({ testbed: path.join(folder, 'testbed.yaml') })
  const [, pidText, socketPath = ''] = (await orchestrator.said('broker ')).split(' ')
  const pid = Number(pidText)
  started.add(pid)
  await orchestrator.said('done')
  process.kill(pid, 'SIGSTOP')
  // The broker writes to the same stderr.
  const gone = once(orchestrator.process.stderr?.resume() as Readable, 'end')
  await orchestrator.killed()
  await gone
  expect(processEntry(pid)?.state ?? 'X').not.toBe('T')
  await removed(path.dirname(socketPath))
  await rm(folder, { recursive: true })
})

it('leaves a forgotten group alone', async () => {
  const orchestrator = new Orchestrator()
  const { pid, answers } = bystander()
  await orchestrator.run('sh', '-c', SHELL)
  await orchestrator.order({ watch: pid })
  await orchestrator.order({ forget: pid })
  await orchestrator.killed()
  expect(await answers()).toBe(true)
})

it('is replaced when it is killed, and its successor knows whom to watch', async () => {
  const orchestrator = new Orchestrator()
  await orchestrator.said('the guard is ready')
  await orchestrator.run('sh', '-c', SHELL)
  const first = orchestrator.guardPid
  process.kill(first, 'SIGKILL')
  await orchestrator.said('the guard process ended: SIGKILL')
  await orchestrator.said('the guard is ready')
  expect(orchestrator.guardPid).not.toBe(first)
  expect(await orchestrator.killed()).toBeLessThan(SECOND_MS)
})

it('leaves everybody alone when it is closed', async () => {
  const guard = await startGuard()
  const { pid, answers } = bystander()
  guard.watch(pid)
  await guard.close()
  expect(await answers()).toBe(true)
})

it('does not keep an orchestrator alive that never closes it', async () => {
  const guard = pathToFileURL(path.join(import.meta.dirname, 'guard.ts')).href
  const script = `await (await import('${guard}')).startGuard()`
  const orchestrator = spawn(process.execPath, ['--input-type=module', '-e', script])
  expect(await once(orchestrator, 'exit')).toEqual([0, null])
})

it('lets an orchestrator that closes it end at once', async () => {
  const { process: orchestrator } = new Orchestrator()
  const exited = once(orchestrator, 'exit')
  orchestrator.stdin?.end()
  expect(await exited).toEqual([0, null])
})

it('kills no group whose pid is somebody else by now', async () => {
  const { pid, answers } = bystander()
  const startTime = processEntry(pid)?.startTime
  killGroups([{ pid, startTime: `${Number(startTime) - 1}` }])
  expect(await answers()).toBe(true)
  killGroups([{ pid, startTime }])
  expect(await answers()).toBe(false)
})
