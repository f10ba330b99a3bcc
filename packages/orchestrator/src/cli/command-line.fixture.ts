import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = path.join(import.meta.dirname, 'main.ts')

export interface Exited {
  code: number | null
  stdout: string
  stderr: string
}

interface Surroundings {
  cwd?: string
  env?: NodeJS.ProcessEnv
  stdin?: string
  /** Where its stdout goes instead of to the test. */
  stdoutTo?: string
}

/** What the tests' own environment may have because they are themselves run by one. */
const OF_A_RUN = [
  'NAC_TEST_BROKER_SOCKET',
  'NAC_TEST_TESTBED',
  'NAC_BROKER_POLICY',
  'NAC_BROKER_STORE',
  'NAC_BROKER_WORKER',
]

/** `nac-broker` in a process of its own. */
export class Running implements AsyncDisposable {
  readonly process: ChildProcessWithoutNullStreams
  readonly exited: Promise<Exited>
  readonly #unread: string[] = []
  readonly #readers: ((line: string) => void)[] = []

  constructor(args: readonly string[], { cwd, env, stdin = '', stdoutTo }: Surroundings = {}) {
    const inherited = { ...process.env }
    for (const name of OF_A_RUN) delete inherited[name]
    const redirect = stdoutTo === undefined ? '' : ` > ${stdoutTo}`
    const shell = ['-c', `exec "$0" "$@"${redirect}`, process.execPath, MAIN, ...args]
    this.process = spawn('sh', shell, { cwd, env: { ...inherited, ...env } })
    this.process.stdin.end(stdin)
    const output = { stdout: '', stderr: '' }
    this.process.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
    this.process.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
    this.exited = once(this.process, 'close').then(([code]) => ({
      code: code as number | null,
      ...output,
    }))
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      const reader = this.#readers.shift()
      if (reader) reader(line)
      else this.#unread.push(line)
    })
  }

  /** The next line on stdout; rejects when there is none before the end. */
  async line(): Promise<string> {
    const unread = this.#unread.shift()
    if (unread !== undefined) return unread
    const next = new Promise<string>((resolve) => this.#readers.push(resolve))
    const end = this.exited.then(({ stderr }): never => {
      throw new Error(`no more lines; stderr: ${stderr}`)
    })
    return Promise.race([next, end])
  }

  async lineMatching(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = await this.line()
      if (pattern.test(line)) return line
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGKILL')
    }
    await this.exited
  }
}

/** Runs it to its end. */
export async function nacBroker(
  args: readonly string[],
  surroundings?: Surroundings,
): Promise<Exited> {
  return new Running(args, surroundings).exited
}

export interface Folder extends AsyncDisposable {
  path(...names: string[]): string
}

export async function temporaryFolder(): Promise<Folder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-cli-'))
  return {
    path: (...names) => path.join(folder, ...names),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
