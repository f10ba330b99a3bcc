import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { startSimulator } from '@nac-broker/devices'
import { type Clock, systemClock } from '@nac-broker/supervisor'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type Folder, Running, temporaryFolder } from './command-line.fixture.ts'
import { OnTerminal } from './on-terminal.fixture.ts'

const MAIN = path.join(import.meta.dirname, 'main.ts')
const SHOW_CURSOR = '\u001B[?25h'
const HIDE_CURSOR = '\u001B[?25l'
/** The terminal's name, and what is logged first: that the broker listens, and where. */
const LISTENING = 4
/** What nothing else of a simulated device takes. */
const LATE_MS = 3_600_000

let lab: Folder
let devices: Running

beforeAll(async () => {
  lab = await temporaryFolder()
  devices = new Running(['simulate', '--devices', '1', '--testbed-out', lab.path('t.yaml')])
  await devices.line()
})

afterAll(async () => {
  await devices[Symbol.asyncDispose]()
  await lab[Symbol.asyncDispose]()
})

function expectCursor(written: string): void {
  expect(written).toContain(HIDE_CURSOR)
  expect(written.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(written.lastIndexOf(HIDE_CURSOR))
}

it('shows on a terminal what each worker does, and leaves who failed and how it went', async () => {
  const config = `
testbed: t.yaml
max_parallel: 1
distributed: {failure_policy: best_effort}
workers:
  - {name: bad, command: [sh, -c, exit 3]}
  - name: asks
    command: [sh, -c, "node ${MAIN} exec sim-1 'show version'; until test -f go; do sleep 0.01; done"]
  - {name: late, command: ["true"]}
`
  await writeFile(lab.path('view.yaml'), config)
  const args = ['run', '--config', 'view.yaml', '--report-dir', 'view']
  const terminal = new OnTerminal(args, { cwd: lab.path(), columns: 70, rows: 12 })
  const { screen } = terminal
  const view = [
    /^bad   failed   after \d+ s: exit code 3$/,
    /^asks  running  \d+ s, 1 command, sim-1: show version$/,
    /^1 of 3 workers, .*: 1 running, 1 waiting, 1 failed$/,
  ]
  await screen.until((lines) => view.every((line, row) => line.test(lines.at(row - 3) ?? '')))
  await terminal.resize({ columns: 130, rows: 12 })
  await screen.until((lines) => /^█{6}░{14} 1 of 3 workers, /.test(lines.at(-1) ?? ''))
  await writeFile(lab.path('go'), '')
  expect(await terminal.exited).toBe(3)
  expect(screen.lines.slice(LISTENING)).toEqual([
    'preflight: 1 of 1 devices ready',
    expect.stringContaining(
      'worker "bad": attempt 1 failed: exit code 3; the run goes on without it',
    ),
    expect.stringContaining('BROKER_STATISTICS'),
    expect.stringMatching(/^bad: failed after .* s: exit code 3 \(see view\/workers\/bad.log\)$/),
    expect.stringMatching(
      /^PARTIAL: 2 passed, 1 failed .*; report: view\/report.json and report.html$/,
    ),
  ])
  expectCursor(screen.written)
  expect(screen.written).toContain('\u001B[31m')
})

/** Two devices, of which the second lets nobody in before `answer` is called. */
async function withLateDevice(testbed: string): Promise<{ answer: () => void }> {
  const asked = Promise.withResolvers<() => void>()
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) =>
      ms === LATE_MS
        ? new Promise((resolve) => asked.resolve(resolve))
        : systemClock.sleep(ms, signal),
  }
  const simulator = await startSimulator({ devices: 2, clock })
  onTestFinished(() => simulator.close())
  const [, late] = simulator.devices
  if (late) late.loginLatencyMs = LATE_MS
  await simulator.writeTestbed(testbed)
  return { answer: () => void asked.promise.then((letIn) => letIn()) }
}

it.each([
  ['run', ['--report-dir', 'late', '--', 'true'], /^preflight: 2 of 2 devices ready$/],
  ['preflight', [], /^2 of 2 devices ready$/],
])(
  'shows on a terminal how many devices %s has looked at, while one is late',
  async (command, more, done) => {
    const { answer } = await withLateDevice(lab.path('late.yaml'))
    const args = [command, '--testbed', 'late.yaml', ...more]
    const terminal = new OnTerminal(args, { cwd: lab.path(), columns: 130, rows: 12 })
    const { screen } = terminal
    await screen.until((lines) => /^█{20}░{20} 1 of 2 devices, \d/.test(lines.at(-1) ?? ''))
    answer()
    expect(await terminal.exited).toBe(0)
    expect(screen.lines).toContainEqual(expect.stringMatching(done))
    expect(screen.lines.join('\n')).not.toContain('█')
    expectCursor(screen.written)
  },
)

it('leaves a clean terminal after Ctrl-C, and has no colours under NO_COLOR', async () => {
  const args = ['run', '--testbed', 't.yaml', '--report-dir', 'ended', '--', 'sleep', '60']
  const surroundings = { cwd: lab.path(), columns: 130, rows: 12, env: { NO_COLOR: '1' } }
  const terminal = new OnTerminal(args, surroundings)
  const { screen } = terminal
  await screen.until((lines) => lines.some((line) => line.startsWith('worker-1  running')))
  terminal.type('\u0003')
  expect(await terminal.exited).toBe(130)
  expect(screen.lines.slice(LISTENING)).toEqual([
    'preflight: 1 of 1 devices ready',
    expect.stringContaining('BROKER_STATISTICS'),
    expect.stringMatching(/^ABORTED: 1 cancelled \(interrupted by SIGINT\)/),
  ])
  expectCursor(screen.written)
  expect(screen.written).not.toContain('\u001B[3')
})

it('says that it is stopping, and ends at once with the second Ctrl-C', async () => {
  const script = 'trap : TERM; while :; do sleep 0.05; done'
  const args = ['run', '--testbed', 't.yaml', '--report-dir', 'twice', '--', 'sh', '-c', script]
  const terminal = new OnTerminal(args, { cwd: lab.path(), columns: 130, rows: 12 })
  const { screen } = terminal
  await screen.until((lines) => lines.some((line) => line.startsWith('worker-1  running')))
  terminal.type('\u0003')
  const stopping = 'interrupted by SIGINT: stopping; Ctrl-C once more ends it at once'
  await screen.until((lines) => lines.at(-2) === stopping)
  terminal.type('\u0003')
  expect(await terminal.exited).toBe(130)
  expect(screen.lines.at(-1)).toMatch(/^ABORTED: 1 cancelled/)
  expectCursor(screen.written)
})

it('prints lines on a terminal that cannot move its cursor', async () => {
  const args = ['run', '--testbed', 't.yaml', '--report-dir', 'dumb', '--', 'true']
  const surroundings = { cwd: lab.path(), columns: 120, rows: 12, env: { TERM: 'dumb' } }
  const terminal = new OnTerminal(args, surroundings)
  expect(await terminal.exited).toBe(0)
  const { lines, written } = terminal.screen
  expect(lines).toContain('worker-1: started')
  expect(written).not.toContain('\u001B')
})
