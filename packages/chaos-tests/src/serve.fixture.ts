import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = path.join(import.meta.dirname, '../../orchestrator/src/cli/main.ts')

export interface Served extends AsyncDisposable {
  readonly process: ChildProcess
  readonly socketPath: string
  /** The log that it wrote to stderr so far. */
  readonly log: () => string
}

/** `nac-broker serve` in a process of its own, once it says that it listens. */
export async function serve(...args: string[]): Promise<Served> {
  const child = spawn(process.execPath, [MAIN, 'serve', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const [line] = (await Promise.race([
    once(lines, 'line'),
    exited.then(([code]) => {
      throw new Error(`serve exited with ${String(code)}: ${log}`)
    }),
  ])) as [string]
  const { socket } = JSON.parse(line) as { socket: string }
  return {
    process: child,
    socketPath: socket,
    log: () => log,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
    },
  }
}
