import { execFileSync } from 'node:child_process'
import { createReadStream, readFileSync, watch, writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { systemClock } from '@nac-broker/supervisor'
import { expect, it, onTestFinished } from 'vitest'
import type { RunReport } from '../report.ts'
import { type Folder, nacBroker, Running, temporaryFolder } from './command-line.fixture.ts'

/** Says `busy` into the pipe when it is, and neither an end of input nor SIGTERM ends it then. */
const STUBBORN = `
exec 3>"$1"
trap '' TERM INT
printf 'r1#'
while read -r line; do
  case $line in
    terminal*) printf 'r1#' ;;
    *) echo busy >&3; while :; do sleep 1; done ;;
  esac
done
`

/** A second where the machine has time to spare; what nobody ends goes on for ever. */
const SOON_MS = 10_000

it.each(['thread', 'process', 'inline'])(
  'leaves no process of a command: device behind on a second signal, with host %s',
  async (host) => {
    await using folder = await temporaryFolder()
    const pipe = folder.path('pipe')
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
    await writeFile(folder.path('stubborn.sh'), STUBBORN)
    const command = `sh ${folder.path('stubborn.sh')} ${pipe}`
    await writeFile(
      folder.path('t.yaml'),
      `devices: {r1: {os: iosxe, connections: {cli: {command: ${command}}}}}\n`,
    )
    await writeFile(folder.path('nac-broker.yaml'), 'broker: {crash_policy: abort}\n')
    const options = ['--testbed', 't.yaml', '--host', host, '--log-level', 'debug']
    await using serve = new Running(['serve', ...options], { cwd: folder.path() })
    const log = createInterface({ input: serve.process.stderr })
    const draining = new Promise<void>((resolve) => {
      log.on('line', (line) => line.includes('"draining"') && resolve())
    })
    const { socket } = JSON.parse(await serve.line()) as { socket: string }
    // Ends when nobody has the pipe open for writing any more.
    const device = createReadStream(pipe, 'utf8')
    const said = device.toArray()
    const busy = new Promise((resolve) => device.once('data', resolve))
    await using client = new Running(['exec', 'r1', 'show clock', '--socket', socket])
    await busy

    serve.process.kill('SIGINT')
    await draining
    serve.process.kill('SIGINT')
    expect(await serve.exited).toMatchObject({ code: 130 })
    expect(await said).toEqual(['busy\n'])
    await client.exited
  },
)

it.each(['thread', 'process', 'inline'])(
  'no process of a command: device outlives serve when that is killed, deaf as it is, with host %s',
  async (host) => {
    await using folder = await temporaryFolder()
    const pipe = folder.path('pipe')
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
    await writeFile(folder.path('stubborn.sh'), STUBBORN)
    const command = `sh ${folder.path('stubborn.sh')} ${pipe}`
    await writeFile(
      folder.path('t.yaml'),
      `devices: {r1: {os: iosxe, connections: {cli: {command: ${command}}}}}\n`,
    )
    await writeFile(folder.path('nac-broker.yaml'), 'broker: {crash_policy: abort}\n')
    await using serve = new Running(['serve', '--testbed', 't.yaml', '--host', host], {
      cwd: folder.path(),
    })
    const { socket } = JSON.parse(await serve.line()) as { socket: string }
    const device = createReadStream(pipe, 'utf8')
    const said = device.toArray()
    const busy = new Promise((resolve) => device.once('data', resolve))
    await using client = new Running(['exec', 'r1', 'show clock', '--socket', socket])
    await busy
    const killedAtMs = systemClock.now()
    serve.process.kill('SIGKILL')
    // It ends when nobody has the pipe open for writing any more.
    expect(await said).toEqual(['busy\n'])
    expect(systemClock.now() - killedAtMs).toBeLessThan(SOON_MS)
    await client.exited
  },
)

/** A command whose broker hangs in its start by now. Its worker would leave a file `started`. */
async function hanging(folder: Folder, ...args: string[]): Promise<Running> {
  await writeFile(
    folder.path('t.yaml'),
    'devices: {r1: {os: iosxe, connections: {cli: {command: cat}}}}\n',
  )
  const worker = `{name: a, command: [touch, ${folder.path('started')}]}`
  await writeFile(
    folder.path('nac-broker.yaml'),
    `testbed: t.yaml\npreflight: false\nbroker: {host: process}\nworkers: [${worker}]\n`,
  )
  await mkdir(folder.path('runtime'), { mode: 0o700, recursive: true })
  const env = {
    XDG_RUNTIME_DIR: folder.path('runtime'),
    NAC_BROKER_FAILPOINTS: 'host.start.told=stall',
    NAC_BROKER_FAILPOINTS_SEEN: folder.path('seen'),
  }
  const hangs = whenWritten(folder.path('seen'), 'host.start.told')
  const running = new Running(args, { cwd: folder.path(), env })
  onTestFinished(() => running[Symbol.asyncDispose]())
  await hangs
  return running
}

it('serve ends at once on SIGTERM while its broker hangs in its start, and leaves no socket', async () => {
  await using folder = await temporaryFolder()
  const running = await hanging(folder, 'serve')
  // That it hangs would be noticed only when this test has failed.
  running.process.kill('SIGTERM')
  const { code, stderr } = await running.exited
  expect(code).toBe(143)
  expect(stderr).toContain('nac-broker: interrupted by SIGTERM')
  expect(await readdir(folder.path('runtime'))).toEqual([])
})

it.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)(
  'run ends at once on %s while its broker hangs in its start, leaves no socket, writes its report, and can be resumed',
  async (signal, exitCode) => {
    await using folder = await temporaryFolder()
    const running = await hanging(folder, 'run')
    running.process.kill(signal)
    const { code, stdout } = await running.exited
    expect(code).toBe(exitCode)
    const reason = `interrupted by ${signal}`
    expect(stdout).toContain(`ABORTED: 1 never started (${reason})`)
    expect(await readdir(folder.path('runtime'))).toEqual([])
    expect(await readdir(folder.path())).not.toContain('started')
    const read = async (): Promise<RunReport> =>
      JSON.parse(await readFile(folder.path('nac-broker-report', 'report.json'), 'utf8'))
    expect(await read()).toMatchObject({
      status: 'ABORTED',
      exitCode,
      reason,
      policy: 'restart,abort',
      workers: [{ name: 'a', status: 'never-started', reason, attempts: [] }],
      devices: [{ name: 'r1' }],
      broker: { generations: [] },
    })
    const files = await readdir(folder.path('nac-broker-report'))
    expect(files).toEqual(expect.arrayContaining(['junit.xml', 'report.html']))

    const env = { XDG_RUNTIME_DIR: folder.path('runtime') }
    const resumed = await nacBroker(['run', '--resume'], { cwd: folder.path(), env })
    expect(resumed.code).toBe(0)
    expect(await read()).toMatchObject({ status: 'COMPLETE', resumed: 1 })
  },
)

function whenWritten(file: string, text: string): Promise<void> {
  writeFileSync(file, '')
  return new Promise((resolve) => {
    const watcher = watch(file, () => {
      if (!readFileSync(file, 'utf8').includes(text)) return
      watcher.close()
      resolve()
    })
  })
}
