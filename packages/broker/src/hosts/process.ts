import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { keepingCompiledCode } from './compiled-code.ts'
import type { FromHosted, Host, Hosted, HostExit } from './host.ts'
import { besideThis } from './main-file.ts'

/** A broker in a process, and process group, of its own: nothing that happens to it happens to us. */
export const processHost: Host = (onMessage) =>
  hostInProcess(besideThis(import.meta.url, 'process-main'), onMessage)

/** As `processHost`, with another first file: one that can be told to fail, for tests. */
export function hostInProcess(
  mainFile: URL,
  onMessage: (message: FromHosted) => void,
): Hosted & { child: ChildProcess } {
  const child = fork(fileURLToPath(mainFile), [], {
    detached: true,
    env: keepingCompiledCode(),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let trouble: string | undefined
  let stopping = false
  child.on('message', (message: FromHosted) => {
    if (message.type === 'stopped' || message.type === 'failed') stopping = true
    onMessage(message)
  })
  const exited = new Promise<HostExit>((resolve) => {
    child.once('exit', (code, signal) => {
      const end = (): void => {
        const why = trouble ?? `the broker's process ended with ${signal ?? `code ${code}`}`
        resolve(stopping && code === 0 ? { clean: true } : { clean: false, why })
      }
      // What it said before may still be on its way: whom it has started for a device, for one.
      if (child.connected) child.once('disconnect', end)
      else end()
    })
    child.once('error', (error) => {
      trouble = `the broker's process: ${error.message}`
      if (child.pid === undefined) resolve({ clean: false, why: trouble })
    })
  })
  return {
    post: (message) => void (child.connected && child.send(message, () => {})),
    exited,
    kill() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It ended just now.
      }
    },
    child,
  }
}
