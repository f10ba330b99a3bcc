import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ENVIRONMENT } from '../config/environment.ts'
import type { RunReport } from '../report.ts'
import { type Folder, nacBroker, Running, temporaryFolder } from './command-line.fixture.ts'

let lab: Folder
let devices: Running

beforeAll(async () => {
  lab = await temporaryFolder()
  devices = new Running(['simulate', '--devices', '1', '--testbed-out', lab.path('t.yaml')])
  await devices.line()
  await writeFile(lab.path('nac-broker.yaml'), 'broker: {crash_policy: [restart, abort]}\n')
})

afterAll(async () => {
  await devices[Symbol.asyncDispose]()
  await lab[Symbol.asyncDispose]()
})

async function reportIn(...names: string[]): Promise<RunReport> {
  return JSON.parse(await readFile(lab.path(...names, 'report.json'), 'utf8')) as RunReport
}

it.each([
  ['beats the config', [], 'abort'],
  ['is beaten by a flag', ['--policy', 'fallback'], 'fallback'],
])('the environment of a run %s', async (_, flags, policy) => {
  const env = {
    NAC_TEST_TESTBED: 't.yaml',
    NAC_BROKER_POLICY: 'abort',
    NAC_BROKER_FAILURE_POLICY: 'best_effort',
    NAC_BROKER_REPORT_DIR: policy,
  }
  const args = ['run', '--no-preflight', ...flags, '--', 'true']
  expect(await nacBroker(args, { cwd: lab.path(), env })).toMatchObject({ code: 0 })
  const report = await reportIn(policy)
  expect(report).toMatchObject({ policy, failurePolicy: { name: 'best_effort' } })
})

it('preflight takes the testbed of the environment', async () => {
  const env = { NAC_TEST_TESTBED: 't.yaml' }
  const { code, stdout } = await nacBroker(['preflight', '--json'], { cwd: lab.path(), env })
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ devices: [{ device: 'sim-1', ok: true }] })
})

it('serve takes testbed, store and policy of the environment', async () => {
  const store = lab.path('elsewhere.store')
  const env = {
    NAC_TEST_TESTBED: lab.path('t.yaml'),
    NAC_BROKER_STORE: store,
    NAC_BROKER_POLICY: 'abort',
    NAC_BROKER_HOST: 'process',
  }
  await using serving = new Running(['serve'], { cwd: lab.path(), env })
  const { pid } = JSON.parse(await serving.line()) as { pid: number }
  await access(store)
  process.kill(pid, 'SIGKILL')
  expect((await serving.exited).code).toBe(4)
})

it.each(['run', 'serve', 'preflight'])('%s refuses a bad variable in one line', async (command) => {
  const behind = command === 'run' ? ['--', 'true'] : []
  const env = { NAC_BROKER_HOST: 'tread', NAC_TEST_TESTBED: 't.yaml' }
  const line =
    'NAC_BROKER_HOST: "tread" is not allowed (allowed: inline, thread, process); did you mean thread?'
  const exited = await nacBroker([command, ...behind], { cwd: lab.path(), env })
  expect(exited).toEqual({ code: 2, stdout: '', stderr: `nac-broker: ${line}\n` })
})

it.each(['run', 'serve', 'preflight'])('%s --help names variables that there are', async (name) => {
  const { stdout } = await nacBroker([name, '--help'])
  const named = [...stdout.matchAll(/\[\$(\w+)/g)].map(([, variable]) => variable)
  const known = ['NAC_BROKER_STORE', 'NAME', ...ENVIRONMENT.map(({ variable }) => variable)]
  expect(named).toContain('NAC_TEST_TESTBED')
  expect(known).toEqual(expect.arrayContaining(named))
})

/** As a worker has it: what the run outside tells it, and what that one was told itself. */
function ofAWorker(): NodeJS.ProcessEnv {
  return {
    NAC_BROKER_WORKER: 'w',
    NAC_TEST_TESTBED: lab.path('outside.yaml'),
    NAC_TEST_BROKER_SOCKET: lab.path('outside.sock'),
    NAC_BROKER_STORE: lab.path('outside.store'),
    NAC_BROKER_POLICY: 'abort',
    NAC_BROKER_REPORT_DIR: lab.path('outside'),
  }
}

it('a run in a worker is its own, whatever the run outside has', async () => {
  await mkdir(lab.path('inside'))
  const args = ['run', '--testbed', '../t.yaml', '--no-preflight', '--', 'true']
  const exited = await nacBroker(args, { cwd: lab.path('inside'), env: ofAWorker() })
  expect(exited).toMatchObject({ code: 0 })
  expect(await reportIn('inside', 'nac-broker-report')).toMatchObject({ policy: 'restart,abort' })
})

it('a broker in a worker is its own, with a socket and a store of its own', async () => {
  const args = ['serve', '--testbed', 't.yaml']
  await using serving = new Running(args, { cwd: lab.path(), env: ofAWorker() })
  const { socket } = JSON.parse(await serving.line()) as { socket: string }
  expect(socket).not.toBe(lab.path('outside.sock'))
  await access(`${socket}.store`)
  serving.process.kill('SIGTERM')
  expect((await serving.exited).code).toBe(0)
})
