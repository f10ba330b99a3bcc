import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Folder, nacBroker, Running, temporaryFolder } from './command-line.fixture.ts'
import { OnTerminal } from './on-terminal.fixture.ts'
import { statusFrame } from './status-frame.ts'
import { StatusView } from './status-view.ts'

let folder: Folder

beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(async () => folder[Symbol.asyncDispose]())

it('shows on a terminal how devices and what is watched fare, why, and what happened last', async () => {
  const [testbed, socket, lab] = ['t.yaml', 'own.sock', 'lab'].map((name) => folder.path(name))
  await using devices = new Running(['simulate', '--devices', '2', '--testbed-out', `${testbed}`])
  await devices.line()
  await writeFile(`${lab}`, 'active\n')
  const config = folder.path('c.yaml')
  await writeFile(
    config,
    `watch: [{name: lab, command: [cat, ${lab}], every_s: 1, live: [active]}]\n`,
  )
  const serve = ['serve', '--testbed', `${testbed}`, '--socket', `${socket}`, '--config', config]
  await using broker = new Running(serve)
  await broker.line()
  const size = { cwd: folder.path(), columns: 50, rows: 24 }
  const { screen, exited } = new OnTerminal(['status', '--watch', '--socket', `${socket}`], size)
  const shows = (pattern: RegExp): Promise<void> =>
    screen.until((lines) => pattern.test(lines.join('\n')))
  await shows(/^sim-1 +idle +- +0 /m)
  await nacBroker(['exec', 'sim-1', 'show nonce seen', '--socket', `${socket}`])
  await shows(/^sim-1 +ready +iosxe +1 /m)
  await shows(/^\d\d:\d\d:\d\d session-opened device=sim-1 /m)

  await writeFile(`${lab}`, 'inactive\n')
  await shows(/^watch lab +failed\n {4}cat says "inactive"/m)
  await writeFile(`${lab}`, 'active\n')
  await shows(/^watch lab +ready$/m)

  devices.process.kill('SIGKILL')
  // In words, over more than one line.
  await shows(/^sim-1 +failed .*\n {4}sim-1: .*\n {4}/m)
  await shows(/^\d\d:\d\d:\d\d unit unit="device sim-1" kind=device /m)
  await shows(/^sim-2 +idle /m)

  broker.process.kill('SIGTERM')
  await shows(/is gone/)
  expect(await exited).toBe(0)
})

it.each([
  {
    end: 'is lost for good says so and exits 4',
    signal: 'SIGKILL',
    code: 4,
    stderr: /^nac-broker: BROKER_LOST: .*\n$/,
    last: { error: { code: 'BROKER_LOST' } },
  },
  {
    end: 'is shut down exits 0',
    signal: 'SIGTERM',
    code: 0,
    stderr: /^$/,
    last: { event: 'closed' },
  },
] as const)('who watches a broker that $end', async ({ signal, code, stderr, last }) => {
  const [testbed, socket, config] = ['t.yaml', `${signal}.sock`, 'abort.yaml'].map((name) =>
    folder.path(name),
  )
  await using devices = new Running(['simulate', '--testbed-out', `${testbed}`])
  await devices.line()
  await writeFile(`${config}`, 'broker: {crash_policy: abort, host: process}\n')
  const serve = ['serve', '--testbed', `${testbed}`, '--socket', `${socket}`]
  await using broker = new Running([...serve, '--config', `${config}`])
  const { pid } = JSON.parse(await broker.line()) as { pid: number }
  const watch = ['status', '--watch', '--socket', `${socket}`]
  await using plain = new Running(watch)
  await using json = new Running([...watch, '--json'])
  await Promise.all([plain, json].map((watching) => watching.lineMatching(/ready/)))
  if (code === 4) process.kill(pid, signal)
  else broker.process.kill(signal)
  const [said, told] = await Promise.all([plain.exited, json.exited])
  expect([said.code, told.code]).toEqual([code, code])
  expect(said.stderr).toMatch(stderr)
  const lastLine = told.stdout.trimEnd().split('\n').at(-1) ?? ''
  expect(JSON.parse(lastLine)).toMatchObject(last)
})

const STATUS = {
  version: '1.0.0',
  pid: 1,
  generation: 1,
  restarts: 0,
  uptimeMs: 1_000,
  socketPath: '/s',
  testbed: '/t',
  clients: 1,
  sessions: { open: 0, max: 50, maxPerDevice: 1 },
  cache: { entries: 0, bytes: 0, maxBytes: 1_048_576 },
  statistics: { connectionHits: 0, connectionMisses: 0, commandHits: 0, commandMisses: 0 },
  devices: Array.from({ length: 30 }, (_, index) => ({
    device: `r${index + 1}`,
    sessions: { open: 0, busy: 0, opening: 0 },
    queued: 0,
    cachedOutputs: 0,
  })),
}

it('shows what has failed first where there is no room for all, and no more than there is room for', () => {
  const view = new StatusView(STATUS)
  const at = new Date()
  const unit = { event: 'unit', unit: 'worker w', kind: 'worker' } as const
  view.take({ ...unit, state: 'failed', cause: 'exit code 1\u001B[2J' }, at)
  const cause = 'r30: the device closed the session'
  view.take({ ...unit, unit: 'device r30', kind: 'device', state: 'failed', cause }, at)
  for (const rows of [24, 10]) {
    const lines = statusFrame(view, { columns: 80, rows, colours: false })
    expect(lines.length).toBeLessThan(rows)
    const text = lines.join('\n')
    expect(text).toMatch(/^r30 +failed .*\n {4}r30: the device closed the session$/m)
    // What others say moves no cursor.
    expect(text).not.toContain('\u001B')
    expect(text).toMatch(/^\.\.\. \d+ more$/m)
  }
  const lines = statusFrame(view, { columns: 80, rows: 24, colours: false })
  expect(lines.join('\n')).toMatch(/^worker w +failed\n {4}exit code 1 /m)
})
