import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect } from '@nac-broker/client'
import { startSimulator, type Simulator } from '@nac-broker/devices'
import {
  type Folder,
  nacBroker,
  Running,
  temporaryFolder,
} from '../../orchestrator/src/cli/command-line.fixture.ts'

interface Listening {
  event: 'listening'
  socket: string
  generation: number
  pid: number
}

let folder: Folder
let simulator: Simulator

beforeAll(async () => {
  folder = await temporaryFolder()
  simulator = await startSimulator({ devices: 1, latencyMs: 1 })
  await simulator.writeTestbed(folder.path('t.yaml'))
})

afterAll(async () => {
  await simulator.close()
  await folder[Symbol.asyncDispose]()
})

it.concurrent('tells of every generation, and sums their statistics when it ends', async () => {
  await using served = await serve('restart')
  const first = await listening(served)
  expect(first).toEqual({
    event: 'listening',
    socket: expect.stringMatching(/^\//) as string,
    generation: 1,
    pid: expect.any(Number) as number,
  })
  await askThreeTimes(first)
  process.kill(first.pid, 'SIGKILL')
  const second = await listening(served)
  expect(second).toMatchObject({ socket: first.socket, generation: 2 })
  expect([first.pid, served.process.pid]).not.toContain(second.pid)
  await askThreeTimes(second)
  served.process.kill('SIGTERM')
  const { code, stdout, stderr } = await served.exited
  expect(code).toBe(0)
  expect(stdout.trim().split('\n')).toHaveLength(2)
  // Each logged in once, and of three times that it was asked executed the command once.
  expect(stderr.match(/BROKER_STATISTICS: [^"]*/g)).toEqual([
    'BROKER_STATISTICS: connection_hits=0, connection_misses=2, command_hits=4, command_misses=2',
  ])
})

it.concurrent('under fallback says so once, stays up, and starts no other broker', async () => {
  await using served = await serve('fallback')
  const { pid } = await listening(served)
  process.kill(pid, 'SIGKILL')
  expect(JSON.parse(await served.line())).toEqual({ event: 'fallback', generation: 1 })
  served.process.kill('SIGTERM')
  const { code, stdout, stderr } = await served.exited
  expect({ code, stderr }).toMatchObject({ code: 0 })
  expect(stdout.trim().split('\n')).toHaveLength(2)
})

it.concurrent('exits 4 under abort when the broker is lost', async () => {
  await using served = await serve('abort')
  const { pid } = await listening(served)
  process.kill(pid, 'SIGKILL')
  const { code, stdout, stderr } = await served.exited
  expect(code).toBe(4)
  expect(stdout.trim().split('\n')).toHaveLength(1)
  expect(stderr).toContain('is not restarted')
})

it.concurrent('exits 4 when restarting is given up', async () => {
  await using served = await serve('restart,abort')
  const told: number[] = []
  const killEach = async (): Promise<never> => {
    for (;;) {
      const { pid, generation } = await listening(served)
      told.push(generation)
      process.kill(pid, 'SIGKILL')
    }
  }
  await killEach().catch(() => {})
  const { code, stderr } = await served.exited
  expect(code).toBe(4)
  expect(told).toEqual(told.map((_, at) => at + 1))
  expect(stderr).toContain(`lost ${told.length} times and restarting was given up`)
})

it.concurrent.each([
  ['restart,fallback', 'direct'],
  ['restart,abort', 'aborted'],
])(
  'under %s a client in another process knows at once that restarting was given up, and is %s',
  async (crashPolicy, becomes) => {
    await using served = await serve(crashPolicy)
    const first = await listening(served)
    await using client = await connect({
      socketPath: first.socket,
      testbed: folder.path('t.yaml'),
      // Longer than this test.
      reconnectTimeoutMs: 600_000,
      env: {},
    })
    const become = (async () => {
      for await (const { event } of client.events()) if (event === becomes) return event
      return undefined
    })()
    process.kill(first.pid, 'SIGKILL')
    const killEach = async (): Promise<never> => {
      for (;;) process.kill((await listening(served)).pid, 'SIGKILL')
    }
    await killEach().catch(() => {})
    expect(await become).toBe(becomes)
  },
  60_000,
)

/** A process hosts the broker: one that can be killed alone. */
async function serve(crashPolicy: string): Promise<Running> {
  const config = folder.path(`${crashPolicy}.yaml`)
  const broker = { crash_policy: crashPolicy, host: 'process' }
  await writeFile(config, JSON.stringify({ testbed: folder.path('t.yaml'), broker }))
  return new Running(['serve', '--config', config], { cwd: path.dirname(config) })
}

async function listening(served: Running): Promise<Listening> {
  return JSON.parse(await served.line()) as Listening
}

async function askThreeTimes({ socket, generation }: Listening): Promise<void> {
  await using client = await connect({ socketPath: socket, crashPolicy: 'abort', env: {} })
  for (let time = 1; time <= 3; time++) {
    await client.execute('sim-1', `show nonce in-generation-${generation}`)
  }
  // It takes far longer than the broker may be behind with what it tells its supervisor.
  const { stdout } = await nacBroker(['status', '--socket', socket, '--json'])
  const { statistics } = JSON.parse(stdout) as { statistics: unknown }
  expect(statistics).toMatchObject({ commandHits: 2, commandMisses: 1 })
}
