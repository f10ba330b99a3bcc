import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

const SCRIPT = path.join(import.meta.dirname, 'actor.fixture.ts')

export type Task =
  | { do: 'write'; count: number }
  | { do: 'write-for-ever' }
  | { do: 'race'; keys: string[]; how: 'send' | 'void' }
  | { do: 'acquire'; device: string; maxPerDevice: number; waitMs: number; childPid?: number }
  | { do: 'release' }
  | { do: 'put'; device: string; command: string; epoch: number; text: string }
  | { do: 'end-epoch'; device: string }

interface Message {
  id?: number
  result?: unknown
  error?: string
  ready?: true
  waiting?: number
  written?: number
}

/** Another process that has the same store open. */
export class Actor implements AsyncDisposable {
  readonly pid: number
  readonly written: number[] = []
  readonly #process: ChildProcess
  readonly #exited: Promise<unknown>
  #lastId = 0

  private constructor(child: ChildProcess) {
    this.#process = child
    this.pid = child.pid ?? 0
    this.#exited = once(child, 'exit')
    child.on('message', ({ written }: Message) => {
      if (written !== undefined) this.written.push(written)
    })
  }

  static async start(storePath: string): Promise<Actor> {
    const child = spawn(process.execPath, [SCRIPT, storePath], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const actor = new Actor(child)
    await actor.#message(({ ready }) => ready === true)
    return actor
  }

  /** Rejects with what the actor's task threw. */
  async perform(task: Task): Promise<unknown> {
    const id = ++this.#lastId
    const answer = this.#message((message) => message.id === id)
    this.#process.send({ id, task })
    const { result, error } = await answer
    if (error !== undefined) throw new Error(error)
    return result
  }

  /** Resolves once its `acquire` has a place in the queue, with how many are before it. */
  async isWaiting(): Promise<number | undefined> {
    return (await this.#message(({ waiting }) => waiting !== undefined)).waiting
  }

  /** Resolves once it has said that it wrote this many. */
  async hasWritten(count: number): Promise<void> {
    await this.#message(() => this.written.length >= count)
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(name)
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #message(isIt: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error('the actor has exited'))
      const onMessage = (message: Message): void => {
        if (!isIt(message)) return
        this.#process.off('message', onMessage).off('exit', onExit)
        resolve(message)
      }
      this.#process.on('message', onMessage).on('exit', onExit)
    })
  }
}
