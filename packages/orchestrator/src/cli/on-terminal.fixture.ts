import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { Screen } from './screen.fixture.ts'

const MAIN = path.join(import.meta.dirname, 'main.ts')

interface Surroundings {
  cwd: string
  columns: number
  rows: number
  env?: NodeJS.ProcessEnv
}

/**
 * `nac-broker` on a pseudo-terminal, whose name is the first line on its screen. It is ended with the
 * test, even one that waits in vain.
 */
export class OnTerminal {
  readonly screen: Screen
  readonly exited: Promise<number | null>
  readonly #process: ChildProcessWithoutNullStreams

  constructor(args: readonly string[], { cwd, columns, rows, env }: Surroundings) {
    this.screen = new Screen({ columns, rows })
    const words = [process.execPath, MAIN, ...args].map((word) => `'${word}'`)
    const command = `stty rows ${rows} columns ${columns}; tty; exec ${words.join(' ')}`
    // A person's terminal: with CI set Node takes it for one without colours.
    const {
      NAC_TEST_BROKER_SOCKET: _,
      NO_COLOR: __,
      FORCE_COLOR: ___,
      CI: ____,
      ...inherited
    } = process.env
    const surroundings = { ...inherited, TERM: 'xterm-256color', SHELL: '/bin/sh', ...env }
    this.#process = spawn('script', ['-qec', command, '/dev/null'], { cwd, env: surroundings })
    this.#process.stdout.pipe(this.screen)
    this.exited = once(this.#process, 'close').then(async ([code]) => {
      await this.screen.settled()
      return code as number | null
    })
    onTestFinished(async () => {
      if (this.#process.exitCode === null) this.#process.kill('SIGKILL')
      await this.exited
    })
  }

  type(keys: string): void {
    this.#process.stdin.write(keys)
  }

  async resize({ columns, rows }: { columns: number; rows: number }): Promise<void> {
    const [name = ''] = this.screen.lines
    this.screen.resize({ columns, rows })
    const size = ['rows', String(rows), 'columns', String(columns)]
    await promisify(execFile)('stty', ['-F', name, ...size])
  }
}
