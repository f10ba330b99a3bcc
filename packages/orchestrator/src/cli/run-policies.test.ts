import { readFile, writeFile } from 'node:fs/promises'
import { connect } from '@nac-broker/client'
import { type Simulator, startSimulator } from '@nac-broker/devices'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Folder, nacBroker, Running, temporaryFolder } from './command-line.fixture.ts'

let lab: Folder
let simulator: Simulator

beforeAll(async () => {
  lab = await temporaryFolder()
  simulator = await startSimulator({ devices: 1, latencyMs: 0 })
  await simulator.writeTestbed(lab.path('t.yaml'))
})

afterAll(async () => {
  await simulator.close()
  await lab[Symbol.asyncDispose]()
})

const ONE_FAILS = ['--', 'sh', '-c', '[ $NAC_BROKER_WORKER != worker-2 ]']

it.each<[string[], number, RegExp]>([
  [
    ['--continue-on-agent-failure'],
    3,
    /^PARTIAL: 2 passed, 1 failed \(best_effort needs 1\) after \d+\.\d s; report: /m,
  ],
  [
    ['--failure-policy', 'continue_if_majority', '--partial-ok'],
    0,
    /^PARTIAL: 2 passed, 1 failed \(continue_if_majority needs 2; --partial-ok\) after /m,
  ],
])('says PARTIAL, with %j and exit code %i', async (flags, code, line) => {
  const args = ['run', '--testbed', 't.yaml', '--workers', '3', ...flags, ...ONE_FAILS]
  const exited = await nacBroker(args, { cwd: lab.path() })
  expect(exited.code).toBe(code)
  expect(exited.stdout).toMatch(line)
  expect(exited.stdout).toMatch(/^worker-2: failed after .*: exit code 1 \(see /m)
})

it('names before its last line the devices that the run went on without', async () => {
  const testbed = await readFile(lab.path('t.yaml'), 'utf8')
  await writeFile(lab.path('wrong.yaml'), testbed.replaceAll(/password: .*/g, 'password: wrong'))
  const args = ['run', '--testbed', 'wrong.yaml', '--failure-policy', 'best_effort', '--', 'true']
  const { code, stdout } = await nacBroker(args, { cwd: lab.path() })
  expect(code).toBe(0)
  expect(stdout.trimEnd().split('\n').slice(-2)).toEqual([
    'preflight: 1 of 1 devices cannot be used: sim-1 (AUTHENTICATION_FAILED)',
    expect.stringMatching(/^COMPLETE: 1 passed after /),
  ])
})

it.each<[string, string[]]>([
  [
    'retry_once',
    [
      'worker "worker-2": attempt 1 failed: exit code 3; it is run again',
      'worker "worker-2": attempt 2 failed: exit code 3; retry_once needs 2 of 2 to pass, and only 1 still can; the run is stopped',
    ],
  ],
  ['best_effort', ['worker "worker-2": attempt 1 failed: exit code 3; the run goes on without it']],
])(
  'logs with --quiet too which attempt failed, and what %s does about it',
  async (policy, lines) => {
    const config = 'testbed: t.yaml\ndistributed: {agent_retry_delay_s: 0}\n'
    await writeFile(lab.path('quiet.yaml'), config)
    const script = '[ $NAC_BROKER_WORKER != worker-2 ] || exit 3'
    const args = ['run', '--config', 'quiet.yaml', '--quiet', '--failure-policy', policy]
    const command = ['--workers', '2', '--max-parallel', '1', '--', 'sh', '-c', script]
    const { stdout, stderr } = await nacBroker([...args, ...command], { cwd: lab.path() })
    expect(stdout).toBe('')
    const logged = stderr.trimEnd().split('\n')
    const warn = 40
    expect(logged.map((line) => JSON.parse(line) as unknown)).toMatchObject(
      lines.map((msg) => ({ level: warn, msg })),
    )
  },
)

it('says what happened to a broker that was lost, and exits 4', async () => {
  const config = 'testbed: t.yaml\nbroker: {host: process, crash_policy: abort}\n'
  await writeFile(lab.path('abort.yaml'), config)
  const args = ['run', '--config', 'abort.yaml', '--workers', '2', '--', 'sleep', '60']
  await using running = new Running(args, { cwd: lab.path() })
  const socket = (await running.lineMatching(/broker at /)).replace(/.* at /, '')
  await running.lineMatching(/worker-2: started/)
  const client = await connect({ socketPath: socket, crashPolicy: ['abort'] })
  const { pid } = await client.status()
  await client.close()
  process.kill(pid, 'SIGKILL')
  const { code, stdout } = await running.exited
  expect(code).toBe(4)
  const lost = "the broker crashed: the broker's process ended with SIGKILL"
  expect(stdout).toContain(`broker: generation 1 was lost: ${lost}\n`)
  expect(stdout).toMatch(/^broker: given up, so the run is aborted: .* is not restarted$/m)
  expect(stdout).toMatch(/^worker-1: cancelled after .*: the broker crashed/m)
  const [, why] = /^ABORTED: 2 cancelled \(([^()]*)\) after /m.exec(stdout) ?? []
  expect(why?.replace(/[\d.]+ s/, 'N s')).toBe(`${lost}, after N s; it is not restarted`)
})

it.each<[string, string[], string]>([
  [
    'distributed:\n  failure_policy: best_effort\n  min_agents_required: 3\n',
    [],
    'refused.yaml:4: distributed.min_agents_required: 3 is more than the 2 workers of this run; give at most 2',
  ],
  [
    'distributed:\n  agent_retry_attempts: 2\n',
    ['--failure-policy', 'retry_once'],
    'refused.yaml:3: distributed.agent_retry_attempts: 2 cannot be with retry_once, which retries exactly once; leave it out or choose another failure policy',
  ],
  [
    'broker:\n  host: inline\n',
    [],
    'refused.yaml:3: broker.host: crash policy restart cannot be with host inline, whose broker dies with this process; choose host thread or process, or the policy abort or fallback',
  ],
  [
    '',
    ['--failure-policy', 'best-effort'],
    '--failure-policy: "best-effort" is not allowed (allowed: fail_fast, best_effort, retry_once, continue_if_majority); did you mean best_effort?',
  ],
  [
    '',
    ['--failure-policy', 'fail_fast', '--continue-on-agent-failure'],
    "option '--continue-on-agent-failure' cannot be used with option '--failure-policy <policy>'",
  ],
])('starts nothing and exits 2 for %j with %j', async (config, flags, message) => {
  await writeFile(lab.path('refused.yaml'), `testbed: t.yaml\n${config}`)
  const args = ['run', '--config', 'refused.yaml', '--workers', '2', ...flags, '--', 'true']
  const exited = await nacBroker(args, { cwd: lab.path() })
  expect(exited).toEqual({ code: 2, stdout: '', stderr: `nac-broker: ${message}\n` })
})
