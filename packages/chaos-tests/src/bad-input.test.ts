import { once } from 'node:events'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { createConnection, createServer, type Socket } from 'node:net'
import path from 'node:path'
import { expect, it } from 'vitest'
import { startBroker } from '@nac-broker/broker'
import { connect } from '@nac-broker/client'
import { startLab, type Lab } from './lab.fixture.ts'

/** The lab's testbed with one more device, written by `text` at its end. */
async function withDevice(lab: Lab, text: string): Promise<string> {
  const testbed = path.join(lab.directory, 'more.yaml')
  await writeFile(testbed, (await readFile(lab.testbedPath, 'utf8')).trimEnd() + '\n' + text)
  return testbed
}

function sshDevice(name: string, port: number, options = '-o StrictHostKeyChecking=no'): string {
  return `  ${name}:
    os: iosxe
    credentials: {default: {username: admin, password: wrong-secret}}
    connections:
      cli: {protocol: ssh, ip: 127.0.0.1, port: ${port}, ssh_options: "${options}"}
`
}

/** A broker for the lab's devices and one that is broken; checks what the broken one says. */
async function expectRefusal(
  lab: Lab,
  device: string,
  expected: { code: string; message: RegExp },
  options: { loginTimeoutMs?: number } = {},
): Promise<void> {
  await using broker = await startBroker({ testbed: await withDevice(lab, device), ...options })
  await using client = await connect({ socketPath: broker.socketPath })
  await expect(client.execute('bad', 'show version')).rejects.toMatchObject({
    code: expected.code,
    message: expect.stringMatching(expected.message),
    device: 'bad',
    sent: 'no',
  })
  expect((await client.execute('sim-1', 'show nonce others')).output).toMatch(/^others \d+$/)
  // While it backs off, the same is said again at once, and when it will be tried again.
  await expect(client.execute('bad', 'show clock', { timeoutMs: 500 })).rejects.toMatchObject({
    code: expected.code,
    message: /not tried again for another/,
  })
}

it('says so when a device is not in the testbed', async () => {
  await using lab = await startLab({ devices: 1 })
  const client = await lab.client()
  await expect(client.execute('r99', 'show version')).rejects.toMatchObject({
    code: 'UNKNOWN_DEVICE',
    sent: 'no',
  })
})

it('says in plain words which parameter is wrong', async () => {
  await using lab = await startLab({ devices: 1 })
  const client = await lab.client()
  const refused = (message: string): unknown =>
    expect.objectContaining({ code: 'INVALID_REQUEST', message, sent: 'no' })
  await expect(client.execute('sim-1', '')).rejects.toEqual(
    refused('execute: command: must not be empty'),
  )
  await expect(client.configure('sim-1', [])).rejects.toEqual(
    refused('configure: lines: must not be empty'),
  )
  const key = 'k'.repeat(256)
  await expect(client.configure('sim-1', ['a'], { key })).rejects.toEqual(
    refused('configure: key: has 256 characters; at most 255 are allowed'),
  )
})

it('names device, user and methods when the password is wrong, but not the password', async () => {
  await using lab = await startLab({ devices: 1 })
  const port = lab.simulator.devices[0]?.port ?? 0
  await expectRefusal(lab, sshDevice('bad', port), {
    code: 'AUTHENTICATION_FAILED',
    message: /^(?!.*wrong-secret).*bad.*admin/,
  })
})

it('says how to trust a host whose key is unknown', async () => {
  await using lab = await startLab({ devices: 1 })
  const port = lab.simulator.devices[0]?.port ?? 0
  const empty = path.join(lab.directory, 'empty_known_hosts')
  await writeFile(empty, '')
  const options = `-o StrictHostKeyChecking=yes -o UserKnownHostsFile=${empty}`
  await expectRefusal(lab, sshDevice('bad', port, options), {
    code: 'HOST_KEY_UNKNOWN',
    message: /SHA256:.*ssh-keyscan/,
  })
})

it('fails closed when a host key has changed', async () => {
  await using lab = await startLab({ devices: 2 })
  const [first, second] = lab.simulator.devices
  const knownHosts = path.join(lab.directory, 'swapped_known_hosts')
  const lines = await readFile(`${lab.testbedPath.replace(/\.yaml$/, '')}.known_hosts`, 'utf8')
  await appendFile(
    knownHosts,
    lines
      .split('\n')
      .filter((line) => line.includes(`:${second?.port} `))
      .map((line) => line.replace(`:${second?.port} `, `:${first?.port} `))
      .join('\n') + '\n',
  )
  const options = `-o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=${knownHosts}`
  await expectRefusal(lab, sshDevice('bad', first?.port ?? 0, options), {
    code: 'HOST_KEY_CHANGED',
    message: /127\.0\.0\.1/,
  })
})

it('says where it could not connect', async () => {
  await using lab = await startLab({ devices: 1 })
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  server.close()
  await once(server, 'close')
  await expectRefusal(lab, sshDevice('bad', port), {
    code: 'DEVICE_UNREACHABLE',
    message: new RegExp(`127\\.0\\.0\\.1:${port}.*refused`, 'i'),
  })
})

it('gives up on a prompt that never comes', async () => {
  await using lab = await startLab({ devices: 1 })
  const device = `  bad:
    os: iosxe
    connections: {cli: {command: "echo hello; cat > /dev/null"}}
`
  await expectRefusal(
    lab,
    device,
    { code: 'PROMPT_NOT_FOUND', message: /hello.*; a command gets no terminal/ },
    { loginTimeoutMs: 500 },
  )
})

it.each(['broker', 'direct'])(
  'says that a login was under way at the deadline, and what holds output back, by %s',
  async (way) => {
    await using lab = await startLab({ devices: 1 })
    const silent = '  bad: {os: iosxe, connections: {cli: {command: cat > /dev/null}}}\n'
    const testbed = await withDevice(lab, silent)
    await using broker = await startBroker({ testbed })
    const direct = { socketPath: `${broker.socketPath}.gone`, crashPolicy: 'fallback', testbed }
    await using client = await connect(
      way === 'direct' ? direct : { socketPath: broker.socketPath },
    )
    await expect(client.execute('bad', 'show clock', { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringMatching(
        /^the deadline passed while a login to "bad" was under way; a command gets no terminal.*stdbuf/,
      ) as string,
      device: 'bad',
      sent: 'no',
    })
  },
)

it('refuses a command with a line feed or a control character before it is sent', async () => {
  await using lab = await startLab({ devices: 1 })
  const client = await lab.client()
  for (const command of ['show version\nreload', 'show\u0003', 'show version\r']) {
    await expect(client.execute('sim-1', command)).rejects.toMatchObject({
      code: 'INVALID_COMMAND',
      sent: 'no',
    })
  }
  await expect(client.configure('sim-1', ['hostname r1\nreload'])).rejects.toMatchObject({
    code: 'INVALID_COMMAND',
  })
  expect(lab.log).toEqual([])
})

async function rawClient(lab: Lab): Promise<Socket> {
  const socket = createConnection(lab.broker.socketPath)
  await once(socket, 'connect')
  return socket
}

it.each([
  ['a frame of zero bytes', Buffer.from('00000000', 'hex')],
  ['a frame of 10 MiB and a byte, on its length alone', Buffer.from('00a00001', 'hex')],
  ['garbage', Buffer.from('deadbeef'.repeat(8), 'hex')],
  ['MessagePack that is no message', Buffer.from('0000000181', 'hex')],
  ['bad JSON', Buffer.from('000000027b78', 'hex')],
  ['bad UTF-8', Buffer.from('00000003227fff', 'hex')],
])('closes a connection that sends %s, and serves the others', async (_, bytes) => {
  await using lab = await startLab({ devices: 1 })
  const client = await lab.client()
  const socket = await rawClient(lab)
  socket.write(bytes)
  await once(socket.resume(), 'close')
  expect((await client.execute('sim-1', 'show nonce alive')).output).toBe('alive 1')
})

it('closes a connection that ends in the middle of a frame', async () => {
  await using lab = await startLab({ devices: 1 })
  const socket = await rawClient(lab)
  socket.end(Buffer.from('0000000a7b', 'hex'))
  await once(socket.resume(), 'close')
  expect((await (await lab.client()).execute('sim-1', 'show nonce alive')).output).toBe('alive 1')
})
