import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Span } from './programs/calling-client.ts'
import { Skipped } from './question.ts'

const exec = promisify(execFile)
const CLIENT = 'nac_test/pyats_core/broker/broker_client.py'
const BROKER = 'nac_test.pyats_core.broker.connection_broker'

/** nac-test's client in a process of its own. */
export interface PythonClient extends AsyncDisposable {
  readonly pid: number | undefined
  /** @throws when it was told something else than an output of that nonce, always the same */
  call(times: number, nonce: string): Promise<Span>
}

/** nac-test's broker in a process of its own, with a device "sim-1". */
export interface PythonBroker extends AsyncDisposable {
  readonly pid: number | undefined
  /** How often the device has executed each command that it was sent. */
  executions(): Promise<number[]>
}

/**
 * The folder of a checkout of nac-test that can be run.
 * @throws {Skipped}
 */
export async function nacTestCheckout(): Promise<string> {
  const { NAC_TEST_CHECKOUT: checkout } = process.env
  if (!checkout)
    throw new Skipped(
      'NAC_TEST_CHECKOUT names no checkout of nac-test (git clone https://github.com/netascode/nac-test; NAC_TEST_CHECKOUT=its folder)',
    )
  await access(path.join(checkout, CLIENT)).catch(() => {
    throw new Skipped(`NAC_TEST_CHECKOUT has no ${CLIENT}: it names no checkout of nac-test`)
  })
  await exec('python3', ['--version']).catch(() => {
    throw new Skipped('there is no python3 here (apt-get install python3)')
  })
  await exec('python3', ['-c', `import ${BROKER}`], { cwd: checkout }).catch((error: Error) => {
    const why = error.message.trim().split('\n').at(-1)
    throw new Skipped(
      `python3 cannot load nac-test's broker: ${why} (python3 -m pip install "$NAC_TEST_CHECKOUT")`,
    )
  })
  return checkout
}

/** Resolves when it is connected. */
export async function startPythonClient(
  checkout: string,
  socketPath: string,
): Promise<PythonClient> {
  const { ask, ...program } = await start(
    'nac_test_client.py',
    path.join(checkout, CLIENT),
    socketPath,
  )
  return {
    ...program,
    async call(times, nonce) {
      const line = await ask(`${times} ${nonce}`)
      const [, began, ended, told] = /^([\d.]+) ([\d.]+) (\S+) \d+$/.exec(line) ?? []
      if (told !== nonce) throw new Error(`the Python client was told ${line}`)
      return { beganAtMs: Number(began), endedAtMs: Number(ended) }
    },
  }
}

/** Resolves when it listens. */
export async function startPythonBroker(
  checkout: string,
  socketPath: string,
  latencyMs: number,
): Promise<PythonBroker> {
  const seconds = String(latencyMs / 1000)
  const { ask, ...program } = await start('nac_test_broker.py', checkout, socketPath, seconds)
  return { ...program, executions: async () => (await ask('')).split(' ').map(Number) }
}

interface PythonProgram extends AsyncDisposable {
  readonly pid: number | undefined
  /** Tells it a line; resolves with the one that it then says. */
  ask: (line: string) => Promise<string>
}

async function start(file: string, ...args: string[]): Promise<PythonProgram> {
  const program = path.join(import.meta.dirname, 'programs', file)
  const child = spawn('python3', [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const said = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${file} ended too early; its own words are above`)
    return value
  }
  if ((await said()) !== 'ready') throw new Error(`${file} is not ready`)
  return {
    pid: child.pid,
    ask(line) {
      child.stdin.write(`${line}\n`)
      return said()
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await exited
    },
  }
}
