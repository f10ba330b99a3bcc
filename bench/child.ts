import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { pinTo } from './cores.ts'

/** A program of this folder, running and ready; disposing it ends its input and waits for its exit. */
export async function startChild(file: string, ...args: string[]): Promise<AsyncDisposable> {
  const child: ChildProcess = spawn(
    process.execPath,
    [path.join(import.meta.dirname, file), ...args],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  pinTo(1, child.pid)
  const exited = once(child, 'exit')
  await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, 'data'),
    exited.then(() => {
      throw new Error(`${file} ended before it was ready`)
    }),
  ])
  return {
    async [Symbol.asyncDispose]() {
      child.stdin?.end()
      await exited
    },
  }
}
