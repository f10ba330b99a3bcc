import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Host, threadHost } from '@nac-broker/broker'
import { startSimulator } from '@nac-broker/devices'
import { run, type RunReport } from '@nac-broker/orchestrator'
import { expect, it } from 'vitest'

interface Told extends RunReport {
  /** What its log says of the device, without the times, and how long things took. */
  log: string[]
}

/**
 * The report on a run of one worker that gives its one device these commands. The first time the device
 * gets `show nonce drop` it drops the session, and the first time it gets `show nonce kill` the broker
 * is killed.
 */
async function reportOn(
  crashPolicy: 'restart' | 'fallback',
  ...commands: readonly string[]
): Promise<Told> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-health-'))
  let kill = (): void => {}
  const host: Host = (onMessage) => {
    const hosted = threadHost(onMessage)
    return {
      ...hosted,
      post(message) {
        if (message.type === 'start') kill = () => hosted.kill()
        hosted.post(message)
      },
    }
  }
  const seen = new Set<string>()
  const simulator = await startSimulator({
    devices: 1,
    // Long enough for something to happen in the middle of a command.
    latencyMs: 120,
    deviceLog(entry) {
      if (entry.event !== 'command' || seen.has(entry.line)) return
      seen.add(entry.line)
      if (entry.line === 'show nonce drop') simulator.devices[0]?.dropSessions()
      if (entry.line === 'show nonce kill') kill()
    },
  })
  try {
    const testbed = path.join(directory, 'testbed.yaml')
    await simulator.writeTestbed(testbed)
    const program = path.join(import.meta.dirname, 'health-worker.fixture.ts')
    const command = [process.execPath, program, ...commands]
    const reportDir = path.join(directory, 'report')
    const report = await run({
      testbed,
      workers: [{ name: 'w', command, instances: { kind: 'one' } }],
      broker: { host, crashPolicy },
      reportDir,
    })
    const log = await readFile(path.join(reportDir, 'devices', 'sim-1.log'), 'utf8')
    return { ...report, log: log.trimEnd().split('\n').map(withoutTimes) }
  } finally {
    await simulator.close()
    await rm(directory, { recursive: true, force: true })
  }
}

const STEPS = 'resolve:N,tcp:N,banner:N,host-key:N,login:N,prompt:N'

const EXECUTE = 'command client=1 via=broker what=execute ms=N'
const BY_DEVICE =
  'session-closed by=device message="sim-1: the device (ADDRESS) closed the session"'

/** Units change as the processor is shared: how they fare is for their own tests. */
const events = (log: string[]): string[] => log.filter((line) => !line.startsWith('unit '))

function withoutTimes(line: string): string {
  expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [a-z]/)
  const words = line.replace(/^\S+ /, '').replace(/127\.0\.0\.1:\d+/, 'ADDRESS')
  return words.replace(/\b(ms=|openMs=|[a-z-]+:)[\d.]+/g, '$1N')
}

it('tells in the report what a killed broker and a dropped session cost, and who tried again', async () => {
  const commands = ['show nonce kill', 'show nonce drop', 'show nonce drop', 'no-such-command']
  const { health, status, log } = await reportOn('restart', ...commands)
  expect(status).toBe('FAILED')
  const [worker] = health.workers
  expect(worker).toMatchObject({
    name: 'w',
    disconnects: 1,
    reconnects: 1,
    // The client asked the next broker again, and that one the device on another session.
    retries: 2,
    commands: 4,
    fromCache: 1,
    direct: 0,
    errors: 1,
    latencyMs: { count: 3 },
  })
  expect(worker?.downtimeMs).toBeGreaterThan(0)
  const [device] = health.devices
  expect(device).toMatchObject({
    name: 'sim-1',
    disconnects: 1,
    reconnects: 1,
    retries: 2,
    errors: 1,
  })
  expect(device?.downtimeMs).toBeGreaterThan(0)
  expect(device?.sessions.map(({ by }) => by)).toEqual(['broker-lost', 'device', 'shutdown'])
  expect(device?.latencyMs?.min).toBeGreaterThan(100)
  expect(health.slowest).toHaveLength(3)
  expect(health.errorCount).toBe(2)
  expect(health.errors).toMatchObject([
    { code: 'BROKER_LOST' },
    {
      code: 'COMMAND_REJECTED',
      worker: 'w',
      device: 'sim-1',
      command: 'no-such-command',
      message: expect.stringMatching(
        /^sim-1: the device refused the command: % Invalid /,
      ) as string,
    },
  ])
  expect(events(log)).toEqual([
    `session-opened openMs=N steps=${STEPS}`,
    'command client=1 via=broker what=connect ms=N from=device attempts=1',
    `session-closed by=broker-lost message="the broker crashed: the broker's thread ended with code 1"`,
    `session-opened openMs=N steps=${STEPS}`,
    `${EXECUTE} from=device attempts=2 worker=w command="show nonce kill"`,
    BY_DEVICE,
    `session-opened openMs=N steps=${STEPS}`,
    `${EXECUTE} from=device attempts=2 worker=w command="show nonce drop"`,
    `${EXECUTE} from=cache attempts=1 worker=w command="show nonce drop"`,
    `${EXECUTE} from=device attempts=1 worker=w command=no-such-command code=COMMAND_REJECTED message="sim-1: the device refused the command: % Invalid input detected at '^' marker."`,
    'session-closed by=shutdown',
  ])
  expect(log).toContain('unit state=ready')
})

it('tells in the report what a worker did without a broker', async () => {
  const commands = ['show nonce kill', 'show nonce drop', 'show nonce b']
  const { health, status, log } = await reportOn('fallback', ...commands)
  expect(status).toBe('COMPLETE')
  const [worker] = health.workers
  expect(worker).toMatchObject({ disconnects: 1, reconnects: 0, retries: 2, direct: 3, errors: 0 })
  expect(worker?.downtimeMs).toBeGreaterThan(0)
  expect(health.devices).toMatchObject([
    {
      disconnects: 1,
      reconnects: 1,
      sessions: [{ by: 'broker-lost' }, { by: 'device' }, { by: 'shutdown' }],
    },
  ])
  expect(events(log)).toEqual([
    `session-opened openMs=N steps=${STEPS}`,
    'command client=1 via=broker what=connect ms=N from=device attempts=1',
    `session-closed by=broker-lost message="the broker crashed: the broker's thread ended with code 1"`,
    'session-opened openMs=N',
    'command worker=w via=direct what=execute command="show nonce kill" ms=N from=device attempts=2',
    BY_DEVICE,
    'session-opened openMs=N',
    'command worker=w via=direct what=execute command="show nonce drop" ms=N from=device attempts=2',
    'command worker=w via=direct what=execute command="show nonce b" ms=N from=device attempts=1',
    'session-closed by=shutdown',
  ])
})
