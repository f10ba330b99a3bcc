import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  type DeviceLogEntry,
  loadTestbed,
  openSession,
  type Simulator,
  startSimulator,
} from '@nac-broker/devices'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Interruption } from '../interruption.ts'
import type { RunReport } from '../report.ts'
import { run } from '../run.ts'
import type { RunConfig, RunOptions } from '../run-options.ts'
import type { WorkerSpec } from '../worker-plan.ts'

const CLIENT = path.join(import.meta.dirname, '../../../client/src/index.ts')
/** Asks both devices something, through the run's broker. */
const ASKING = `
  import { connect } from ${JSON.stringify(CLIENT)}
  await using broker = await connect()
  for (const device of ['sim-1', 'sim-2']) await broker.execute(device, 'show version')
`

let folder: string
let simulator: Simulator
let log: DeviceLogEntry[]
let onEntry: (entry: DeviceLogEntry) => void

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-before-run-'))
  log = []
  onEntry = () => {}
  simulator = await startSimulator({
    devices: 2,
    latencyMs: 0,
    maxSessions: 1,
    deviceLog: (entry) => {
      log.push(entry)
      onEntry(entry)
    },
  })
  await simulator.writeTestbed(at('testbed.yaml'))
})

afterEach(async () => {
  await simulator.close()
  await rm(folder, { recursive: true })
})

function at(name: string): string {
  return path.join(folder, name)
}

/** A worker that leaves a file behind, to tell that it was started. */
const TOUCHING: WorkerSpec = {
  name: 'touching',
  command: ['sh', '-c', 'touch "$STARTED"'],
  instances: { kind: 'count', count: 2 },
}

async function runThere(
  worker: WorkerSpec,
  config: Partial<RunConfig> = {},
  options: RunOptions = {},
): Promise<RunReport> {
  const workers = [{ ...worker, env: { STARTED: at('started') } }]
  return run({ testbed: at('testbed.yaml'), workers, reportDir: at('report'), ...config }, options)
}

/** A device on whose port nothing listens any more. */
async function addDeadDevice(): Promise<void> {
  const dead = '  dead:\n    os: iosxe\n    connections: {cli: {ip: 127.0.0.1, port: 1}}\n'
  await writeFile(at('testbed.yaml'), dead, { flag: 'a' })
}

it('hands its sessions over to the workers: each device is logged in to once', async () => {
  const asking: WorkerSpec = {
    name: 'asking',
    command: ['node', '--input-type=module', '-e', ASKING],
    instances: { kind: 'count', count: 2 },
  }
  const report = await runThere(asking)
  expect(report).toMatchObject({ status: 'COMPLETE', exitCode: 0 })
  expect(report.preflight).toMatchObject({ unreachable: [], skipped: [] })
  const steps = ['resolve', 'tcp', 'banner', 'host-key', 'login', 'prompt']
  expect(report.preflight?.devices.map((one) => one.steps.map(({ step }) => step))).toEqual([
    steps,
    steps,
  ])
  const logins = log.filter(({ event }) => event === 'login').map(({ device }) => device)
  expect(logins.toSorted()).toEqual(['sim-1', 'sim-2'])
  expect(log.filter(({ event }) => event === 'refused')).toEqual([])
})

it('stops a run under fail_fast before any worker starts, and says why in the report', async () => {
  await addDeadDevice()
  const report = await runThere(TOUCHING)
  const reason = 'preflight: 1 of 3 devices cannot be used: dead (DEVICE_UNREACHABLE)'
  expect(report).toMatchObject({
    status: 'FAILED',
    exitCode: 5,
    reason,
    workers: [
      { name: 'touching-1', status: 'never-started', reason },
      { name: 'touching-2', status: 'never-started', reason },
    ],
    preflight: { unreachable: ['dead'] },
  })
  const dead = report.preflight?.devices.at(-1)
  expect(dead?.steps.at(-1)).toMatchObject({
    step: 'tcp',
    ok: false,
    error: {
      code: 'DEVICE_UNREACHABLE',
      hint: expect.stringContaining('is SSH enabled') as string,
    },
  })
  await expect(access(at('started'))).rejects.toThrow('ENOENT')
  const written: unknown = JSON.parse(await readFile(at('report/report.json'), 'utf8'))
  expect(written).toMatchObject({ status: 'FAILED', exitCode: 5, reason })
})

it('only tells of it under another failure policy', async () => {
  await addDeadDevice()
  const report = await runThere(TOUCHING, { failurePolicy: { name: 'best_effort' } })
  expect(report).toMatchObject({ status: 'COMPLETE', preflight: { unreachable: ['dead'] } })
  await access(at('started'))
})

it('waits for a line that another session is about to free', async () => {
  const other = await openSession((await loadTestbed(at('testbed.yaml'))).device('sim-2'))
  onEntry = ({ event }) => {
    if (event === 'refused') void other.close()
  }
  const report = await runThere(TOUCHING)
  expect(report).toMatchObject({ status: 'COMPLETE', preflight: { unreachable: [] } })
  expect(log.some(({ event, device }) => event === 'refused' && device === 'sim-2')).toBe(true)
})

it('is not made where it is not wanted', async () => {
  await addDeadDevice()
  const report = await runThere(TOUCHING, { preflight: false })
  expect(report).toMatchObject({ status: 'COMPLETE' })
  expect(report).not.toHaveProperty('preflight')
  expect(log).toEqual([])
})

it('ends with the run when that is interrupted', async () => {
  const interrupt = new AbortController()
  const silent = createServer((socket) => {
    socket.on('error', () => {}).resume()
    interrupt.abort(new Interruption('SIGINT'))
  }).listen(0, '127.0.0.1')
  await new Promise<void>((resolve) => void silent.once('listening', resolve))
  const { port } = silent.address() as { port: number }
  const text = `  silent:\n    os: iosxe\n    connections: {cli: {ip: 127.0.0.1, port: ${port}}}\n`
  await writeFile(at('testbed.yaml'), text, { flag: 'a' })
  const report = await runThere(TOUCHING, {}, { signal: interrupt.signal })
  expect(report).toMatchObject({
    status: 'ABORTED',
    exitCode: 130,
    workers: [{ status: 'never-started' }, { status: 'never-started' }],
  })
  await new Promise((resolve) => void silent.close(resolve))
})
