import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import path from 'node:path'
import type { Span } from './programs/calling-client.ts'

/** nac-test's client in a process of its own. */
export interface PythonClient extends AsyncDisposable {
  readonly pid: number | undefined
  /** @throws when it was told something else than the output of a nonce, always the same */
  call(times: number): Promise<Span>
}

/** Resolves when it is connected. */
export async function startPythonClient(
  clientFile: string,
  socketPath: string,
): Promise<PythonClient> {
  const program = path.join(import.meta.dirname, 'programs/nac_test_client.py')
  const child = spawn('python3', [program, clientFile, socketPath], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const said = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the Python client ended too early; its own words are above')
    return value
  }
  if ((await said()) !== 'ready') throw new Error('the Python client is not ready')
  return {
    pid: child.pid,
    async call(times) {
      child.stdin.write(`${times}\n`)
      const line = await said()
      const [, began, ended] = /^([\d.]+) ([\d.]+) bench \d+$/.exec(line) ?? []
      if (began === undefined) throw new Error(`the Python client was told ${line}`)
      return { beganAtMs: Number(began), endedAtMs: Number(ended) }
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await exited
    },
  }
}
