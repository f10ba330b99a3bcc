import { Worker } from 'node:worker_threads'
import { keepingCompiledCode } from './compiled-code.ts'
import type { FromHosted, Host, Hosted, HostExit } from './host.ts'
import { besideThis } from './main-file.ts'

/**
 * A quarter of what V8 would let it grow to: garbage is collected more often, which costs the pipelined
 * bench nothing that can be measured, and a broker that serves and one in reserve are each 6 MB smaller.
 */
const YOUNG_GENERATION_MB = 12

/**
 * A broker in a worker thread: an error that nobody caught, an endless loop and a heap that is full
 * end the thread, and not the process around it. What it does not contain: a crash of native code, and
 * memory outside the heap.
 */
export const threadHost: Host = (onMessage) =>
  hostInThread(besideThis(import.meta.url, 'thread-main'), onMessage)

/** As `threadHost`, with another first file: one that can be told to fail, for tests. */
export function hostInThread(
  mainFile: URL,
  onMessage: (message: FromHosted) => void,
): Hosted & { worker: Worker | undefined } {
  const worker = startWorker(mainFile)
  if (worker instanceof Error) return neverStarted(worker)
  let trouble: string | undefined
  let stopping = false
  worker.on('message', (message: FromHosted) => {
    if (message.type === 'stopped' || message.type === 'failed') stopping = true
    onMessage(message)
  })
  worker.on('error', (error) => (trouble ??= String(error)))
  const exited = new Promise<HostExit>((resolve) => {
    worker.once('exit', (code) => {
      const clean = stopping && trouble === undefined && code === 0
      const why = trouble ?? `the broker's thread ended with code ${code}`
      resolve(clean ? { clean: true } : { clean: false, why })
    })
  })
  return {
    post: (message) => worker.postMessage(message),
    exited,
    kill: () => void worker.terminate(),
    worker,
  }
}

/** The system may refuse one more thread (EAGAIN). */
function startWorker(mainFile: URL): Worker | Error {
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB }
  try {
    return new Worker(mainFile, { env: keepingCompiledCode(), resourceLimits })
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function neverStarted({ message }: Error): Hosted & { worker: undefined } {
  const why = `the broker's thread cannot be started: ${message}`
  const exited = Promise.resolve<HostExit>({ clean: false, why })
  return { post() {}, exited, kill() {}, worker: undefined }
}
