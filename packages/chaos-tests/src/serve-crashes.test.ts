import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startSimulator, type Simulator } from '@nac-broker/devices'
import {
  type Folder,
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
