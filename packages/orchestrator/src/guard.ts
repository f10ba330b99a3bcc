import { BrokerError } from '@nac-broker/protocol'
import {
  type Clock,
  type ServeRun,
  supervise,
  systemClock,
  whenAborted,
} from '@nac-broker/supervisor'
import { type Logger, pino } from 'pino'
import type { GuardedGroup } from './guard-messages.ts'
import { GuardProcess } from './guard-process.ts'
import { processEntry } from './process-table.ts'

/**
 * Sees to it that the watched processes do not outlive this one, SIGKILL included: they are killed,
 * with all that they have started.
 */
export interface Guard extends AsyncDisposable {
  /**
   * `pid` leads a process group of its own, as a child that was spawned `detached` does. This
   * process's own pid is ignored (what lives in it dies with it), and one that is gone.
   */
  watch(pid: number): void
  /** To be called before the system can give the pid to somebody else, or soon after. */
  forget(pid: number): void
  /**
   * Whoever has this variable, `NAME=value`, in its environment is watched too: also one that was started just
   * now, or whose parents are all gone. Where the system tells no environments, nobody is.
   */
  mark(variable: string): void
  /** A directory of this process's own, which is removed if this process dies. */
  cleanUp(directory: string): void
  /** Those still watched may outlive this process from then on. Idempotent. */
  close(): Promise<void>
}

export interface GuardOptions {
  clock?: Clock | undefined
  /** Default: silent. */
  log?: Logger | undefined
}

/**
 * Starts the guard, a process of its own. One that is killed is replaced.
 * @throws {BrokerError} `INTERNAL` when it cannot be started
 */
export async function startGuard(options: GuardOptions = {}): Promise<Guard> {
  const guard = new SupervisedGuard(options)
  try {
    await guard.firstReady
  } catch (error) {
    // There is nothing yet to guard; whoever asked is told.
    await guard.close()
    throw error
  }
  return guard
}

class SupervisedGuard implements Guard {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #groups = new Map<number, GuardedGroup>()
  readonly #marks: string[] = []
  readonly #directories: string[] = []
  readonly #closing = new AbortController()
  readonly #ready = Promise.withResolvers<void>()
  readonly #over: Promise<void>
  #process: GuardProcess | undefined

  constructor({ clock = systemClock, log = pino({ level: 'silent' }) }: GuardOptions) {
    this.#clock = clock
    this.#log = log
    this.#over = this.#supervise()
  }

  get firstReady(): Promise<void> {
    return this.#ready.promise
  }

  watch(pid: number): void {
    if (pid === process.pid) return
    const startTime = processEntry(pid)?.startTime
    // Where others can be told, it is gone already: its pid may be anybody's soon.
    if (startTime === undefined && processEntry(process.pid)) return
    const group = { pid, startTime }
    this.#groups.set(pid, group)
    this.#process?.send({ type: 'watch', group })
  }

  forget(pid: number): void {
    this.#groups.delete(pid)
    this.#process?.send({ type: 'forget', pid })
  }

  mark(variable: string): void {
    this.#marks.push(variable)
    this.#process?.send({ type: 'mark', variable })
  }

  cleanUp(directory: string): void {
    this.#directories.push(directory)
    this.#process?.send({ type: 'clean-up', directory })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#over
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #supervise(): Promise<void> {
    const { status } = await supervise('guard', (run) => this.#serve(run), {
      signal: this.#closing.signal,
      clock: this.#clock,
      onEvent: (event) => {
        if (event.event === 'ready') {
          this.#log.debug('the guard is ready')
          this.#ready.resolve()
        }
        if (event.event !== 'crashed') return
        const { error } = event.crash
        this.#log.warn((error as Error).message)
        this.#ready.reject(error)
      },
    })
    if (status !== 'escalated') return
    this.#log.error('the guard keeps dying: if this process is killed now, its workers live on')
  }

  /** One guard process, until it ends. */
  async #serve(run: ServeRun): Promise<void> {
    const guard = new GuardProcess()
    for (const group of this.#groups.values()) guard.send({ type: 'watch', group })
    for (const variable of this.#marks) guard.send({ type: 'mark', variable })
    for (const directory of this.#directories) guard.send({ type: 'clean-up', directory })
    this.#process = guard
    try {
      await guard.ready(this.#clock)
      run.ready()
      const how = await Promise.race([guard.ended, whenAborted(run.signal)])
      if (how !== undefined) throw new BrokerError('INTERNAL', `the guard process ended: ${how}`)
    } finally {
      this.#process = undefined
      await guard.release(this.#clock)
    }
  }
}
