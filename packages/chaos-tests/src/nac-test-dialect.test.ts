import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { NacTestClient } from './nac-test-client.fixture.ts'
import { serve, type Served } from './serve.fixture.ts'

let directory: string
let broker: Served

beforeAll(async () => {
  // An explicit socket in the temp directory itself, where nac-test's client looks for one.
  directory = await mkdtemp(path.join(tmpdir(), 'nac-test-dialect-'))
  const device = (name: string): string => `  ${name}:
    os: iosxe
    type: router
    connections:
      cli:
        command: sh ${path.join(import.meta.dirname, 'command-device.fixture.sh')} ${name}
`
  const testbed = path.join(directory, 'testbed.yaml')
  const broken = `  broken:
    os: iosxe
    type: router
    connections: {cli: {command: "exit 3"}}
`
  await writeFile(testbed, `devices:\n${device('r1')}${device('r2')}${broken}`)
  const socketPath = path.join(tmpdir(), `nac_test_broker_${process.pid}.sock`)
  broker = await serve('--testbed', testbed, '--socket', socketPath)
})

afterAll(async () => {
  await broker[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
  await rm(broker.socketPath, { force: true })
})

const success = (result: unknown): unknown => ({ status: 'success', result })
const failure = (error: unknown): unknown => ({ status: 'error', error })

it('answers ping, connect, execute and disconnect', async () => {
  using client = await NacTestClient.connect(broker.socketPath)
  expect(await client.ask({ command: 'ping' })).toEqual(success('pong'))
  expect(await client.ask({ command: 'connect', hostname: 'r1' })).toEqual(success(true))
  expect(
    await client.ask({ command: 'execute', hostname: 'r1', cmd: 'show version', extra: 1 }),
  ).toEqual(success(expect.stringMatching(/^r1 said \d+$/)))
  expect(await client.ask({ command: 'disconnect', hostname: 'r1' })).toEqual(success(true))
  expect(await client.ask({ command: 'disconnect', hostname: 'r1' })).toEqual(success(true))
  expect(await client.ask({ command: 'disconnect', hostname: 'nowhere' })).toEqual(success(true))
})

it('describes itself', async () => {
  using client = await NacTestClient.connect(broker.socketPath)
  await client.ask({ command: 'execute', hostname: 'r2', cmd: 'show inventory' })
  expect(await client.ask({ command: 'status' })).toEqual(
    success({
      socket_path: broker.socketPath,
      max_connections: 50,
      connected_devices: expect.arrayContaining(['r2']),
      active_clients: 1,
      testbed_loaded: true,
      testbed_devices: ['r1', 'r2', 'broken'],
      command_cache_stats: {
        devices_with_cache: expect.arrayContaining(['r2']),
        total_cached_commands: expect.any(Number),
        per_device_stats: expect.objectContaining({
          r2: { total_entries: 1, expired_entries: 0, valid_entries: 1 },
        }),
      },
    }),
  )
})

it('answers pipelined requests in their order, also after the client closed its side', async () => {
  using client = await NacTestClient.connect(broker.socketPath)
  client.send({ command: 'execute', hostname: 'r1', cmd: 'show clock' })
  client.send({ command: 'ping' })
  client.send({ command: 'execute', hostname: 'r2', cmd: 'show clock' })
  client.socket.end()
  expect(await client.reply()).toEqual(success(expect.stringMatching(/^r1 said/)))
  expect(await client.reply()).toEqual(success('pong'))
  expect(await client.reply()).toEqual(success(expect.stringMatching(/^r2 said/)))
  expect(await client.reply()).toBe('closed')
})

it.each([
  [{ command: 'execute', hostname: 'r1' }, 'Missing hostname or cmd parameter'],
  [{ command: 'execute', hostname: '', cmd: 'show clock' }, 'Missing hostname or cmd parameter'],
  [{ command: 'connect' }, 'Missing hostname parameter'],
  [{ command: 'disconnect', hostname: '' }, 'Missing hostname parameter'],
  [{ command: 'reboot' }, 'Unknown command: reboot'],
  [{}, 'Unknown command: None'],
  [{ command: 'execute', hostname: 'r9', cmd: 'show x' }, 'Device r9 not found in testbed'],
  [{ command: 'connect', hostname: 'r9' }, 'Device r9 not found in testbed'],
  [['a', 'list'], "'list' object has no attribute 'get'"],
  ['text', "'str' object has no attribute 'get'"],
])('answers %j with an error and keeps the connection', async (request, error) => {
  using client = await NacTestClient.connect(broker.socketPath)
  expect(await client.ask(request)).toEqual(failure(error))
  expect(await client.ask({ command: 'ping' })).toEqual(success('pong'))
})

it('names the device that it cannot connect to', async () => {
  using client = await NacTestClient.connect(broker.socketPath)
  expect(await client.ask({ command: 'connect', hostname: 'broken' })).toEqual(
    failure(expect.stringMatching(/broken.*DEVICE_UNREACHABLE/)),
  )
})

it('gives a rejected command in the words of the device', async () => {
  using client = await NacTestClient.connect(broker.socketPath)
  expect(await client.ask({ command: 'execute', hostname: 'r1', cmd: 'reload' })).toEqual(
    failure(expect.stringContaining('% Invalid input detected')),
  )
})

it('answers a request of exactly 10 MiB, and an output of 11 MiB', async () => {
  using client = await NacTestClient.connect(broker.socketPath)
  const empty = JSON.stringify({ command: 'ping', pad: '' }).length
  const pad = 'x'.repeat(10 * 1024 * 1024 - empty)
  expect(await client.ask({ command: 'ping', pad })).toEqual(success('pong'))
  const { result } = (await client.ask({
    command: 'execute',
    hostname: 'r1',
    cmd: 'show big',
  })) as { result: string }
  expect(result).toHaveLength(11 * 1024 * 1024)
})

it.each([
  ['a zero-length frame', '00000000'],
  ['a length of 10 MiB and one byte, before any body', '00a00001'],
  ['bad JSON', '000000027b78'],
  ['bad UTF-8', '00000003227fff'],
])('closes without a reply on %s', async (_, hex) => {
  using client = await NacTestClient.connect(broker.socketPath)
  client.socket.write(Buffer.from(hex, 'hex'))
  expect(await client.reply()).toBe('closed')
})

it('closes a connection whose client ends in the middle of a frame, without lingering', async () => {
  using client = await NacTestClient.connect(broker.socketPath)
  client.socket.end(Buffer.from('000000107b', 'hex'))
  expect(await client.reply()).toBe('closed')
})

it('on SIGTERM answers what is under way, removes the socket and exits 0 with its statistics', async () => {
  using client = await NacTestClient.connect(broker.socketPath)
  using other = await NacTestClient.connect(broker.socketPath)
  const answer = client.ask({ command: 'execute', hostname: 'r1', cmd: 'show slowly' })
  await other.ask({ command: 'ping' }) // Read after the command: that is under way now.
  broker.process.kill('SIGTERM')
  const [code] = await once(broker.process, 'exit')
  expect(code).toBe(0)
  expect(await answer).toEqual(success(expect.stringMatching(/^r1 said it slowly$/)))
  await expect(stat(broker.socketPath)).rejects.toThrow('ENOENT')
  expect(broker.log()).toMatch(
    /BROKER_STATISTICS: connection_hits=\d+, connection_misses=\d+, command_hits=\d+, command_misses=\d+/,
  )
})
