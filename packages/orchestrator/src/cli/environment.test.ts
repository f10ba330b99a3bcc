import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ENVIRONMENT } from '../config/environment.ts'
import type { RunReport } from '../report.ts'
import { type Folder, nacBroker, Running, temporaryFolder } from './command-line.fixture.ts'

const MAIN = path.join(import.meta.dirname, 'main.ts')

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

/** A run, with an environment of its own, whose only worker is this script in a folder of its own. */
async function inWorker(folder: string, script: string): Promise<void> {
  await mkdir(lab.path(folder))
  const env = {
    NAC_TEST_TESTBED: 't.yaml',
    NAC_BROKER_POLICY: 'abort',
    NAC_BROKER_REPORT_DIR: `${folder}-outside`,
  }
  const args = ['run', '--no-preflight', '--', 'sh', '-c', `cd ${folder}; ${script}`]
  expect(await nacBroker(args, { cwd: lab.path(), env })).toMatchObject({ code: 0 })
  expect(await reportIn(`${folder}-outside`)).toMatchObject({ policy: 'abort' })
}

it('a run in a worker is its own, whatever the run outside has', async () => {
  await inWorker('run', `node ${MAIN} run --testbed ../t.yaml --no-preflight -- true`)
  expect(await reportIn('run', 'nac-broker-report')).toMatchObject({ policy: 'restart,abort' })
})

it('a broker in a worker is its own, with a socket and a store of its own', async () => {
  const script = `
    echo "$NAC_TEST_BROKER_SOCKET" > outside
    node ${MAIN} serve --testbed ../t.yaml > served & served=$!
    until grep -q listening served; do kill -0 $served || exit 2; sleep 0.05; done
    test -e "$(sed 's/.*"socket":"\\([^"]*\\)".*/\\1/' served).store" || exit 3
    kill $served && wait $served
  `
  await inWorker('serve', script)
  const [outside = '', served = ''] = await Promise.all(
    ['outside', 'served'].map((file) => readFile(lab.path('serve', file), 'utf8')),
  )
  expect(served).toContain('"generation":1')
  expect(served).not.toContain(outside.trim())
})
