import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, watch, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { OnTerminal } from './on-terminal.fixture.ts'
import { type Folder, nacBroker, Running, temporaryFolder } from './command-line.fixture.ts'

let folder: Folder
let devices: Running
let broker: Running
let env: NodeJS.ProcessEnv
let listening: string

beforeAll(async () => {
  folder = await temporaryFolder()
  const out = ['--testbed-out', folder.path('t.yaml'), '--device-log', folder.path('log')]
  devices = new Running(['simulate', '--devices', '2', ...out])
  await devices.line()
  const socket = folder.path('b.sock')
  broker = new Running(['serve', '--testbed', folder.path('t.yaml'), '--socket', socket])
  env = { NAC_TEST_BROKER_SOCKET: socket }
  listening = await broker.line()
})

afterAll(async () => {
  await broker[Symbol.asyncDispose]()
  await devices[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

it('says in one line where it listens', () => {
  const { pid } = broker.process
  const socket = folder.path('b.sock')
  expect(JSON.parse(listening)).toEqual({ event: 'listening', socket, generation: 1, pid })
})

it('prints the output of a command with one line end', async () => {
  const exited = await nacBroker(['exec', 'sim-1', 'show nonce plain'], { env })
  expect(exited).toEqual({ code: 0, stdout: 'plain 1\n', stderr: '' })
})

it('prints one JSON document, and the second time the cached output unless told otherwise', async () => {
  const command = ['exec', 'sim-1', 'show nonce json', '--json', '--timeout-ms', '20000']
  const documents: unknown[] = []
  for (const more of [[], [], ['--no-cache']]) {
    const { stdout } = await nacBroker([...command, ...more], { env })
    documents.push(JSON.parse(stdout))
  }
  const result = {
    device: 'sim-1',
    command: 'show nonce json',
    via: 'broker',
    attempts: 1,
    generation: 1,
    durationMs: expect.any(Number) as number,
  }
  expect(documents).toEqual([
    { ...result, output: expect.stringMatching(/^json \d+$/) as string, cached: false },
    { ...result, output: (documents[0] as { output: string }).output, cached: true },
    { ...result, output: expect.stringMatching(/^json \d+$/) as string, cached: false },
  ])
})

it('says in one line, and in JSON if asked, what went wrong, and exits 1', async () => {
  const [plain, json] = await Promise.all([
    nacBroker(['exec', 'r9', 'show clock'], { env }),
    nacBroker(['exec', 'r9', 'show clock', '--json'], { env }),
  ])
  const message = `device "r9" is not in ${folder.path('t.yaml')}`
  const stderr = `nac-broker: UNKNOWN_DEVICE: ${message} (sent: no)\n`
  expect(plain).toEqual({ code: 1, stdout: '', stderr })
  expect(json).toMatchObject({ code: 1, stderr: '' })
  expect(JSON.parse(json.stdout)).toEqual({
    error: { code: 'UNKNOWN_DEVICE', message, device: 'r9', sent: 'no' },
  })
})

it('watches the broker: first all that it knows, then a line for each event, until it is interrupted', async () => {
  await using watching = new Running(['status', '--watch'], { env })
  await watching.lineMatching(/^sim-2 /)
  await watching.lineMatching(/^\d\d:\d\d:\d\d ready generation=1$/)
  await nacBroker(['exec', 'sim-2', 'show nonce watched', '--no-cache'], { env })
  await watching.lineMatching(/ command .*device=sim-2 .*command="show nonce watched"/)
  watching.process.kill('SIGINT')
  expect(await watching.exited).toMatchObject({ code: 0, stderr: '' })
})

it('watches the broker in JSON, a line for each event', async () => {
  await using watching = new Running(['status', '--watch', '--json'], { env })
  expect(JSON.parse(await watching.line())).toMatchObject({ generation: 1 })
  expect(JSON.parse(await watching.line())).toEqual({ event: 'ready', generation: 1 })
  watching.process.kill('SIGTERM')
  expect(await watching.exited).toMatchObject({ code: 0 })
})

it('watches the broker on a terminal, and says there when it has gone', async () => {
  const own = folder.path('own.sock')
  const args = ['serve', '--testbed', folder.path('t.yaml'), '--socket', own]
  await using another = new Running(args)
  await another.line()
  const size = { cwd: folder.path(), columns: 60, rows: 20 }
  const watching = new OnTerminal(['status', '--watch', '--socket', own], size)
  await watching.screen.until((lines) => lines.some((line) => /^sim-1 .* 0 /.test(line)))
  await nacBroker(['exec', 'sim-1', 'show nonce seen', '--socket', own])
  await watching.screen.until((lines) => lines.some((line) => /^sim-1 +iosxe +1 /.test(line)))
  another.process.kill('SIGTERM')
  await watching.screen.until((lines) => lines.some((line) => line.includes('is gone')))
  expect(await watching.exited).toBe(0)
})

it('exits 1 when no broker is there, 4 when it is lost', async () => {
  const gone = await nacBroker(['exec', 'r1', 'x', '--socket', folder.path('none')])
  expect(gone.code).toBe(1)
  expect(gone.stderr).toMatch(/^nac-broker: BROKER_UNAVAILABLE: .*\n$/)

  await using victim = new Running(['serve', '--testbed', folder.path('t.yaml')])
  const { socket } = JSON.parse(await victim.line()) as { socket: string }
  const bulk = 'show bulk 100000000'
  await using client = new Running([
    'exec',
    'sim-2',
    bulk,
    '--json',
    '--policy',
    'abort',
    '--socket',
    socket,
  ])
  await untilLogged(bulk)
  victim.process.kill('SIGKILL')
  const lost = await client.exited
  expect(lost.code).toBe(4)
  expect(JSON.parse(lost.stdout)).toMatchObject({ error: { code: 'BROKER_LOST', sent: 'unknown' } })
})

it('takes its call back when it is interrupted, does not claim that it was not sent, and exits 130', async () => {
  const bulk = 'show bulk 99999999'
  await using client = new Running(['exec', 'sim-2', bulk, '--json'], { env })
  await untilLogged(bulk)
  client.process.kill('SIGINT')
  const { code, stdout } = await client.exited
  expect(code).toBe(130)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'CANCELLED', sent: 'unknown' } })
})

it('configures with lines as arguments, from a file and from stdin', async () => {
  await writeFile(folder.path('lines'), 'interface Loopback2\r\n\n description from a file\n')
  const stdin = 'interface Loopback3\n description from stdin\n'
  const lineArguments = ['interface Loopback1', 'description from arguments', '--json']
  const exits = await Promise.all([
    nacBroker(['configure', 'sim-1', ...lineArguments], { env }),
    nacBroker(['configure', 'sim-1', '--file', folder.path('lines')], { env }),
    nacBroker(['configure', 'sim-1', '--file', '-'], { env, stdin }),
  ])
  expect(exits.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    Array.from({ length: 3 }, () => ({ code: 0, stderr: '' })),
  )
  expect(JSON.parse(exits[0].stdout)).toMatchObject({ device: 'sim-1', lines: 2, attempts: 1 })
  const { stdout } = await nacBroker(['exec', 'sim-1', 'show running-config'], { env })
  expect(stdout).toMatch(/from arguments[^]*from a file|from a file[^]*from arguments/)
  expect(stdout).toContain('from stdin')
})

it('shows what the broker knows as a table and as JSON', async () => {
  const [table, json] = await Promise.all([
    nacBroker(['status'], { env }),
    nacBroker(['status', '--json'], { env }),
  ])
  expect(table.code).toBe(0)
  expect(table.stdout).toMatch(/^broker +\d+\.\d+\.\d+, pid \d+, generation 1$/m)
  expect(table.stdout).toMatch(/^device +platform +open +busy +opening +queued +cached$/m)
  expect(table.stdout).toMatch(/^sim-1 +iosxe +1 +0 +0 +0 +\d+$/m)
  expect(JSON.parse(json.stdout)).toMatchObject({
    pid: broker.process.pid,
    generation: 1,
    sessions: { max: 50, maxPerDevice: 1 },
    devices: [{ device: 'sim-1' }, { device: 'sim-2' }],
  })
})

it('ends quietly when nobody reads on', async () => {
  await using client = new Running(['exec', 'sim-1', 'show bulk 5000000'], { env })
  client.process.stdout.once('data', () => client.process.stdout.destroy())
  expect(await client.exited).toMatchObject({ code: 0, stderr: '' })
})

it.each([
  [['exec', 'sim-1', 'show clock']],
  [['configure', 'sim-1', 'interface Loopback9', '--json']],
  [['status']],
  [['serve', '--testbed', 't.yaml', '--log-level', 'warn']],
  [['simulate', '--devices', '1']],
  [['run', '--testbed', 't.yaml', '--log-level', 'silent', '--', 'true']],
  [['--help']],
])('says so, and exits 1, when what %j prints cannot be written', async (args) => {
  const exited = await nacBroker(args, { cwd: folder.path(), env, stdoutTo: '/dev/full' })
  expect(exited.code).toBe(1)
  expect(exited.stderr).toBe('nac-broker: the output cannot be written: the disk is full\n')
})

it('refuses a socket that a living broker has, naming its pid', async () => {
  const args = ['--testbed', folder.path('t.yaml'), '--socket', folder.path('b.sock')]
  const { code, stderr } = await nacBroker(['serve', ...args])
  const belongs = `socket ${folder.path('b.sock')} belongs to the living broker with pid ${broker.process.pid}`
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `nac-broker: ${belongs}; stop it or choose another path\n`,
  })
})

it('drains on SIGTERM: logs its statistics as JSON on stderr, removes the socket, exits 0', async () => {
  await using own = new Running(['serve', '--testbed', folder.path('t.yaml')])
  const { socket } = JSON.parse(await own.line()) as { socket: string }
  await nacBroker(['exec', 'sim-1', 'show clock', '--socket', socket])
  own.process.kill('SIGTERM')
  const { code, stdout, stderr } = await own.exited
  expect(code).toBe(0)
  expect(existsSync(socket)).toBe(false)
  expect(stdout.split('\n')).toHaveLength(2)
  const logged = stderr.trim().split('\n')
  const messages = logged.map((line) => (JSON.parse(line) as { msg: string }).msg)
  const counts = messages.filter((message) => message.startsWith('BROKER_STATISTICS: '))
  expect(counts).toEqual([
    'BROKER_STATISTICS: connection_hits=0, connection_misses=1, command_hits=0, command_misses=1',
  ])
})

it('ends at once on a second signal', async () => {
  // A device that never says a word keeps the drain waiting for its login.
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const connections = `connections: {cli: {protocol: ssh, ip: 127.0.0.1, port: ${port}}}`
  await writeFile(
    folder.path('s.yaml'),
    `devices: {r1: {os: iosxe, credentials: {default: {username: u, password: p}}, ${connections}}}\n`,
  )
  await using own = new Running(['serve', '--testbed', folder.path('s.yaml')])
  const { socket } = JSON.parse(await own.line()) as { socket: string }
  await using client = new Running(['exec', 'r1', 'show clock', '--socket', socket])
  await once(silent, 'connection')
  own.process.kill('SIGINT')
  await client.exited
  own.process.kill('SIGINT')
  expect((await own.exited).code).toBe(130)
  silent.close()
})

it('simulates until SIGTERM, then exits 0', async () => {
  await using own = new Running(['simulate', '--devices', '1'])
  expect(JSON.parse(await own.line())).toEqual({
    event: 'ready',
    devices: [{ name: 'sim-1', port: expect.any(Number) as number }],
  })
  own.process.kill('SIGTERM')
  expect(await own.exited).toMatchObject({ code: 0, stderr: '' })
})

/** Waits until the command has reached a device. */
async function untilLogged(command: string): Promise<void> {
  const file = folder.path('log')
  const stop = new AbortController()
  const changes = watch(file, { signal: stop.signal })
  const arrived = async (): Promise<boolean> =>
    (await readFile(file, 'utf8')).includes(`"command","line":"${command}"`)
  const first = changes.next()
  if (!(await arrived())) {
    await first
    while (!(await arrived())) await changes.next()
  }
  stop.abort()
  await first.catch(() => {})
}

it.each([
  ['exec', ['show nonce direct']],
  ['configure', ['interface Loopback0', 'description direct']],
])('%s warns once of what is lost and kept when it has fallen back', async (command, words) => {
  const args = [command, 'sim-1', ...words, '--policy', 'fallback', '--json']
  const store = ['--testbed', folder.path('t.yaml'), '--store', folder.path('fallback.store')]
  const nobody = { NAC_TEST_BROKER_SOCKET: folder.path('nobody.sock') }
  const { code, stdout, stderr } = await nacBroker([...args, ...store], { env: nobody })
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ via: 'direct' })
  expect(stderr).toBe(
    'nac-broker: warning: the broker is lost: this client logs in to the devices itself from now on; sessions are no longer pooled, and equal commands no longer executed together; what the run has read already is still answered from its store, and its session limits still hold\n',
  )
})
