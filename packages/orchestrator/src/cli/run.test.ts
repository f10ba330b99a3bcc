import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { RunReport } from '../report.ts'
import { type Folder, nacBroker, Running, temporaryFolder } from './command-line.fixture.ts'

let lab: Folder
let devices: Running

beforeAll(async () => {
  lab = await temporaryFolder()
  devices = new Running(['simulate', '--devices', '2', '--testbed-out', lab.path('t.yaml')])
  await devices.line()
})

afterAll(async () => {
  await devices[Symbol.asyncDispose]()
  await lab[Symbol.asyncDispose]()
})

interface Place {
  cwd: string
  report: () => Promise<RunReport>
  log: (worker: string) => Promise<string>
}

/** A folder of its own to run in, with this config. */
async function place(name: string, config = ''): Promise<Place> {
  const cwd = lab.path(name)
  await mkdir(cwd)
  await writeFile(lab.path(name, 'nac-broker.yaml'), `testbed: ../t.yaml\n${config}`)
  const read = (file: string): Promise<string> =>
    readFile(lab.path(name, 'nac-broker-report', file), 'utf8')
  return {
    cwd,
    report: async () => JSON.parse(await read('report.json')) as RunReport,
    log: (worker) => read(`workers/${worker}.log`),
  }
}

/** Whether a process with that id runs; one that has ended and was not reaped yet does not. */
async function alive(pid: number): Promise<boolean> {
  const ps = spawn('ps', ['-o', 'stat=', '-p', String(pid)])
  return /^[^Z]/.test((await text(ps.stdout)).trim())
}

it('tells its workers what the config says of their connects', async () => {
  const { cwd, log } = await place('connects', 'broker: {connect_timeout_ms: 1234}\n')
  const show = ['sh', '-c', 'echo "$NAC_BROKER_CONNECT_TIMEOUT_MS"']
  expect((await nacBroker(['run', '--no-preflight', '--', ...show], { cwd })).code).toBe(0)
  expect(await log('worker-1')).toBe('1234\n')
})

it('runs N workers of a command, with the broker in their environment, and passes', async () => {
  const { cwd, report, log } = await place('passes')
  const script =
    'echo "$NAC_BROKER_WORKER $NAC_BROKER_ATTEMPT $NAC_TEST_TESTBED"; test -S "$NAC_TEST_BROKER_SOCKET"; echo err >&2; command -v node'
  const exited = await nacBroker(['run', '--workers', '2', '--', 'sh', '-c', script], { cwd })
  expect(exited.code).toBe(0)
  expect(exited.stdout.trimEnd().split('\n').at(-1)).toMatch(
    /^COMPLETE: 2 passed after \d+\.\d s; report: nac-broker-report\/report.json and report.html$/,
  )
  const written = await report()
  const worker = {
    status: 'passed',
    exitCode: 0,
    startedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    durationMs: expect.any(Number) as number,
  }
  expect(written).toMatchObject({
    status: 'COMPLETE',
    exitCode: 0,
    workers: [
      { ...worker, name: 'worker-1', log: 'workers/worker-1.log' },
      { ...worker, name: 'worker-2', log: 'workers/worker-2.log' },
    ],
    devices: [{ name: 'sim-1' }, { name: 'sim-2' }],
    broker: { generation: 1, statistics: { commandMisses: 0 } },
  })
  expect(await log('worker-2')).toBe(`worker-2 1 ${lab.path('t.yaml')}\nerr\n${process.execPath}\n`)
})

it('stops the others when one fails, descendants included, and exits 1', async () => {
  // The first fails once the second is up; the third is never started.
  const parent = 'sleep 60 & echo $! > new; mv new pid; wait'
  const { cwd, report, log } = await place(
    'fails',
    `
max_parallel: 2
workers:
  - {name: bad, command: [sh, -c, "until test -f pid; do sleep 0.01; done; echo oh no; exit 3"]}
  - name: long
    command: [sh, -c, ${JSON.stringify(parent)}]
  - {name: late, command: ["true"]}
`,
  )
  const exited = await nacBroker(['run'], { cwd })
  expect(exited.code).toBe(1)
  expect(exited.stdout).toMatch(
    /^bad: failed after \d+\.\d s: exit code 3 \(see nac-broker-report\/workers\/bad.log\)$/m,
  )
  const { status, exitCode, workers } = await report()
  expect({ status, exitCode }).toEqual({ status: 'FAILED', exitCode: 1 })
  const reason = 'worker "bad" failed; fail_fast stops at the first failure'
  expect(workers).toMatchObject([
    { name: 'bad', status: 'failed', exitCode: 3, reason: 'exit code 3' },
    { name: 'long', status: 'cancelled', reason },
    { name: 'late', status: 'never-started', reason, attempts: [] },
  ])
  expect(workers[2]).not.toHaveProperty('startedAt')
  expect(await log('bad')).toBe('oh no\n')
  expect(await log('long')).toBe(`nac-broker: stopped: ${reason}\n`)
  const pid = Number(await readFile(lab.path('fails', 'pid'), 'utf8'))
  expect(await alive(pid)).toBe(false)
})

it('runs one worker per device, which knows its device but no secret', async () => {
  const { cwd, report, log } = await place(
    'per-device',
    'workers: [{name: t, command: [env], per_device: true, env: {SITE: lab}}]',
  )
  expect((await nacBroker(['run', '--quiet'], { cwd })).stdout).toBe('')
  const { workers } = await report()
  expect(workers.map(({ name, device }) => ({ name, device }))).toEqual([
    { name: 't-sim-1', device: 'sim-1' },
    { name: 't-sim-2', device: 'sim-2' },
  ])
  const env = new Map(
    (await log('t-sim-2')).split('\n').map((line) => {
      const [name = '', ...value] = line.split('=')
      return [name, value.join('=')]
    }),
  )
  expect(env.get('HOSTNAME')).toBe('sim-2')
  expect(env.get('SITE')).toBe('lab')
  expect(JSON.parse(env.get('DEVICE_INFO') ?? '')).toEqual({
    hostname: 'sim-2',
    os: 'iosxe',
    host: '127.0.0.1',
    port: expect.any(Number) as number,
  })
})

it("prints the workers' lines when asked to, and keeps them in the logs", async () => {
  const { cwd, log } = await place('verbose')
  const exited = await nacBroker(['run', '--verbose', '--', 'sh', '-c', 'echo out; echo err >&2'], {
    cwd,
  })
  expect(exited.code).toBe(0)
  expect(exited.stdout).toMatch(/^\[worker-1\] out$/m)
  expect(exited.stdout).toMatch(/^\[worker-1\] err$/m)
  expect((await log('worker-1')).split('\n').toSorted()).toEqual(['', 'err', 'out'])
})

it('fails a worker whose program does not exist', async () => {
  const { cwd, report } = await place('gone', 'workers: [{name: gone, command: [no-such-program]}]')
  expect((await nacBroker(['run'], { cwd })).code).toBe(1)
  expect((await report()).workers).toMatchObject([
    { status: 'failed', reason: 'cannot start "no-such-program": there is no such program' },
  ])
})

it('starts nothing and exits 2 where two workers would have one name', async () => {
  const { cwd, report } = await place(
    'twins',
    'workers: [{name: a, command: ["true"], count: 1}, {name: a-1, command: ["true"]}]',
  )
  const { code, stderr } = await nacBroker(['run'], { cwd })
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'nac-broker: nac-broker.yaml:2: two workers are named "a-1"; rename one of them\n',
  })
  await expect(report()).rejects.toThrow('ENOENT')
})

it.each(['run', 'serve'])(
  '%s starts nothing and exits 2 where a command to be watched is not there',
  async (command) => {
    const { cwd, report } = await place(
      `unwatched-${command}`,
      'workers: [{name: a, command: ["true"]}]\nwatch:\n  - name: lab\n    command: [no-such-program]',
    )
    const { code, stderr, stdout } = await nacBroker([command], { cwd })
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'nac-broker: nac-broker.yaml:5: watch "lab": cannot start "no-such-program": there is no such program; install it, or give its path\n',
    })
    await expect(report()).rejects.toThrow('ENOENT')
  },
)

it.each(['run', 'serve'])(
  '%s starts nothing, leaves nothing and exits 2 where the port of the status page is in use',
  async (command) => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { cwd } = await place(
      `port-${command}`,
      'workers: [{name: a, command: [touch, started]}]\nwatch: [{name: lab, command: [touch, watched]}]',
    )
    const args = command === 'serve' ? ['--socket', lab.path(`port-${command}`, 'socket')] : []
    const exited = await nacBroker([command, '--status-port', String(port), ...args], { cwd })
    expect(exited).toEqual({
      code: 2,
      stdout: '',
      stderr: `nac-broker: the status server cannot listen on 127.0.0.1, port ${port}: the port is in use; choose another, or 0 for any that is free\n`,
    })
    expect(await readdir(cwd)).toEqual(['nac-broker.yaml'])
  },
)

it.each([
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('stops everything on %s, writes the report, exits %i', async (signal, code) => {
  const { cwd, report } = await place(signal)
  const script = 'echo pid $$; sleep 60'
  await using running = new Running(['run', '--verbose', '--', 'sh', '-c', script], { cwd })
  const pid = Number((await running.lineMatching(/pid \d+/)).split(' ').at(-1))
  running.process.kill(signal)
  const exited = await running.exited
  expect(exited.code).toBe(code)
  expect(await report()).toMatchObject({
    status: 'ABORTED',
    exitCode: code,
    workers: [{ status: 'cancelled', signal: 'SIGTERM', reason: `interrupted by ${signal}` }],
  })
  expect(await alive(pid)).toBe(false)
})

it('does not wait for a stubborn worker after a second signal', async () => {
  const { cwd, report } = await place('twice')
  const script = 'trap "echo asked" TERM; echo up; while :; do sleep 0.05; done'
  await using running = new Running(['run', '--verbose', '--', 'sh', '-c', script], { cwd })
  await running.lineMatching(/up/)
  running.process.kill('SIGINT')
  await running.lineMatching(/^interrupted by SIGINT: stopping; Ctrl-C once more ends it at once$/)
  await running.lineMatching(/asked/)
  running.process.kill('SIGINT')
  expect((await running.exited).code).toBe(130)
  expect((await report()).workers).toMatchObject([{ status: 'cancelled', signal: 'SIGKILL' }])
})

it('is ABORTED under abort however soon a worker ends of the loss of the broker', async () => {
  const { cwd, report } = await place('lost', 'broker: {crash_policy: abort, host: process}')
  const main = path.join(import.meta.dirname, 'main.ts')
  const script = `pid=$(node ${main} status --json | sed 's/.*"pid":\\([0-9]*\\).*/\\1/'); kill -9 $pid; exit 1`
  expect((await nacBroker(['run', '--', 'sh', '-c', script], { cwd })).code).toBe(4)
  expect(await report()).toMatchObject({ status: 'ABORTED', exitCode: 4 })
})

it('leaves a directory to the run that goes on in it, and says whose it is', async () => {
  const { cwd, report } = await place('taken')
  const script = 'echo up; until test -e end; do sleep 0.05; done'
  await using running = new Running(['run', '--verbose', '--', 'sh', '-c', script], { cwd })
  await running.lineMatching(/up/)
  for (const flags of [[], ['--resume']]) {
    const second = await nacBroker(['run', ...flags, '--', 'sh', '-c', script], { cwd })
    const directory = lab.path('taken', 'nac-broker-report')
    expect(second).toEqual({
      code: 2,
      stdout: '',
      stderr: `nac-broker: ${directory} belongs to a run that goes on, of pid ${running.process.pid}; choose another --report-dir\n`,
    })
  }
  await writeFile(lab.path('taken', 'end'), '')
  expect((await running.exited).code).toBe(0)
  expect(await report()).toMatchObject({ status: 'COMPLETE' })
})

it('resumes nothing where there is no run, and exits 2', async () => {
  const { cwd } = await place('nothing')
  const { code, stdout, stderr } = await nacBroker(['run', '--resume', '--', 'true'], { cwd })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(
    /^nac-broker: \S+ there is no run to resume; leave out --resume to begin one\n$/,
  )
})

it('says what it resumes, and that there is nothing to resume of a run that is complete', async () => {
  const { cwd, report } = await place('interrupted')
  const script = '[ $NAC_BROKER_WORKER = worker-1 ] || until test -e go; do sleep 0.05; done'
  const workers = ['--workers', '2', '--', 'sh', '-c', script]
  const interruptOnce = async (): Promise<string> => {
    await using running = new Running(['run', ...workers], { cwd })
    await running.lineMatching(/^worker-1: passed/)
    running.process.kill('SIGINT')
    const { code, stderr } = await running.exited
    expect(code).toBe(130)
    return stderr
  }
  expect(await interruptOnce()).not.toContain('discards')
  const { runId: discarded } = await report()
  expect(await interruptOnce()).toContain(
    `${lab.path('interrupted', 'nac-broker-report')}: discards run ${discarded}, which was interrupted when 1 of 2 workers had passed; 'run --resume' goes on with such a run instead`,
  )
  const { runId } = await report()

  await writeFile(lab.path('interrupted', 'go'), '')
  const resumed = await nacBroker(['run', '--resume', ...workers], { cwd })
  expect(resumed.code).toBe(0)
  expect(resumed.stderr).toContain(
    `resumes run ${runId}: 1 of 2 workers had passed; to be started: 1`,
  )
  const complete = await report()

  const again = await nacBroker(['run', '--resume', ...workers], { cwd })
  expect(again.code).toBe(0)
  expect(again.stderr).toContain(`nothing to resume: every worker of run ${runId} has passed`)
  expect(again.stdout).toMatch(/^COMPLETE: 2 passed after .*\n$/)
  expect(await report()).toEqual(complete)
})

it('writes the report into a directory that was removed meanwhile, and says so', async () => {
  const { cwd, report } = await place('removed')
  const exited = await nacBroker(['run', '--', 'rm', '-r', 'nac-broker-report'], { cwd })
  expect(exited.code).toBe(0)
  expect(exited.stderr).toMatch(/report directory .* was removed during the run/)
  expect(exited.stdout).toMatch(/^COMPLETE: 1 passed .*; report: nac-broker-report.report\.json/m)
  expect(await report()).toMatchObject({ status: 'COMPLETE' })
})

it('ends as it would have when its report cannot be written after all, and says why', async () => {
  const { cwd } = await place('replaced')
  const script = 'rm -r nac-broker-report; : > nac-broker-report; exit 3'
  const exited = await nacBroker(['run', '--', 'sh', '-c', script], { cwd })
  expect(exited.code).toBe(1)
  expect(exited.stderr).toMatch(/the report cannot be written: .*nac-broker-report is no directory/)
  expect(exited.stdout).toMatch(/^FAILED: 1 failed .*; report: it could not be written$/m)
})

it('starts nothing and exits 2 where the report cannot be written', async () => {
  const { cwd } = await place('not-a-folder')
  await writeFile(lab.path('not-a-folder', 'file'), '')
  const args = ['run', '--report-dir', 'file/report', '--', 'touch', 'started']
  const { code, stdout, stderr } = await nacBroker(args, { cwd })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^nac-broker: .*file.*\n$/)
  await expect(readFile(lab.path('not-a-folder', 'started'))).rejects.toThrow('ENOENT')
})
