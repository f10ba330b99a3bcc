import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { BrokerError } from '@nac-broker/protocol'
import { type Clock, withDeadline } from '@nac-broker/supervisor'
import type { GuardMessage } from './guard-messages.ts'

const MAIN = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './guard-main.ts' : './guard-main.js', import.meta.url),
)
/** Far longer than it takes, in milliseconds. */
const READY_MS = 30_000
/** A guard that was told to end and has not done so after this long is killed, in milliseconds. */
const GRACE_MS = 1_000

/** One guard process, in a session of its own: no signal to the orchestrator's group reaches it. */
export class GuardProcess {
  readonly #child: ChildProcess
  /** Null when there was no file descriptor left for it. */
  readonly #lifeline: Socket | null
  /** How it ended, in words. */
  readonly ended: Promise<string>

  constructor() {
    // A lifeline of node's own making closes on exec: no other child inherits it.
    this.#child = spawn(process.execPath, [MAIN], {
      detached: true,
      cwd: '/',
      env: {},
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.#lifeline = this.#child.stdin as Socket | null
    // What cannot be written any more is of no use to a guard that is gone.
    this.#lifeline?.on('error', () => {})
    this.ended = new Promise((resolve) => {
      this.#child.once('error', ({ message }) => resolve(message))
      this.#child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    })
  }

  /**
   * Resolves when it does its work; from then on it does not keep this process alive.
   * @throws {BrokerError} `INTERNAL`: it has ended, or says nothing
   */
  async ready(clock: Clock): Promise<void> {
    const stdout = this.#child.stdout as Socket | null
    const ended = this.ended.then((how): never => {
      throw cannotStart(how)
    })
    const said = stdout ? once(stdout, 'data') : ended
    const onTimeout = (): Error => cannotStart(`no sign of it after ${READY_MS / 1000} s`)
    await withDeadline(Promise.race([said, ended]), { ms: READY_MS, onTimeout, clock })
    stdout?.destroy()
    this.#lifeline?.unref()
    this.#child.unref()
  }

  /** Written before this returns, unless the guard is far behind. */
  send(message: GuardMessage): void {
    if (this.#lifeline?.writable) this.#lifeline.write(`${JSON.stringify(message)}\n`)
  }

  /** Ends it; whoever it still watches may live. */
  async release(clock: Clock): Promise<void> {
    this.#child.ref()
    this.send({ type: 'goodbye' })
    this.#lifeline?.end()
    const timer = clock.startTimer(GRACE_MS, () => this.#child.kill('SIGKILL'))
    await this.ended
    timer.cancel()
  }
}

function cannotStart(why: string): BrokerError {
  return new BrokerError('INTERNAL', `the guard process cannot be started: ${why}`)
}
