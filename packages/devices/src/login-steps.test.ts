import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { VirtualClock } from '@nac-broker/supervisor'
import { describe, expect, test } from 'vitest'
import { failureOf } from './failure.fixture.ts'
import { type LoginStep, LoginSteps } from './login-steps.ts'
import { openSession, type OpenSessionOptions } from './open-session.ts'
import type { Device } from './testbed/testbed.ts'
import { playShell, sshDevice, SshServer } from './transports/ssh-server.fixture.ts'

const NO_AGENT = { ...process.env, SSH_AUTH_SOCK: undefined }

/** Logs in, and out again where that went well; returns the steps that were told. */
async function stepsOf(device: Device, options: OpenSessionOptions = {}): Promise<LoginStep[]> {
  const steps: LoginStep[] = []
  try {
    const onStep = (step: LoginStep): void => void steps.push(step)
    const session = await openSession(device, { env: NO_AGENT, onStep, ...options })
    await session.close()
  } catch {
    // Where it failed is what the steps say.
  }
  return steps
}

async function routerWith(options: { prompt: string }): Promise<SshServer> {
  return SshServer.start({ onShell: (channel) => playShell(channel, options) })
}

/** A TCP server that is none of SSH, and what ends it. */
async function tcpServer(
  onSocket: (socket: Socket) => void,
): Promise<AsyncDisposable & { port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    onSocket(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('a login tells its steps', () => {
  test('all of them, in their order, when it succeeds', async () => {
    await using server = await routerWith({ prompt: 'r1#' })
    const all = ['resolve', 'tcp', 'banner', 'host-key', 'login', 'prompt']
    expect(await stepsOf(sshDevice(server.port))).toEqual(all)
    expect(await stepsOf(sshDevice(server.port, { host: 'localhost' }))).toEqual(all)
  })

  test('two of them when the device is a command', async () => {
    const device = (command: string): Device => ({
      ...sshDevice(1),
      connection: { protocol: 'command', command },
    })
    const shell = 'while printf "r1#"; read -r line; do :; done'
    expect(await stepsOf(device(shell))).toEqual(['spawn', 'prompt'])
    expect(await stepsOf(device('no-such-program'))).toEqual(['spawn', 'prompt'])
  })

  test('none when a credential is missing', async () => {
    expect(await stepsOf({ ...sshDevice(1), credentials: {} })).toEqual([])
  })

  test('up to the name that does not resolve', async () => {
    const device = sshDevice(22, { host: 'no-such-host.invalid' })
    expect(await stepsOf(device)).toEqual(['resolve'])
  })

  test('up to the port on which nothing listens', async () => {
    const server = await tcpServer(() => {})
    await server[Symbol.asyncDispose]()
    expect(await stepsOf(sshDevice(server.port))).toEqual(['resolve', 'tcp'])
  })

  test('up to the banner that is none of SSH', async () => {
    await using server = await tcpServer(
      (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    )
    expect(await stepsOf(sshDevice(server.port))).toEqual(['resolve', 'tcp', 'banner'])
  })

  test('up to the banner that does not come', async () => {
    const clock = new VirtualClock()
    const accepted = Promise.withResolvers<Socket>()
    await using server = await tcpServer(accepted.resolve)
    const steps: LoginStep[] = []
    const begun = Promise.withResolvers<void>()
    const onStep = (step: LoginStep): void => {
      steps.push(step)
      if (step === 'banner') begun.resolve()
    }
    const failed = failureOf(openSession(sshDevice(server.port), { clock, onStep }))
    // Greetings may come before the banner, and even in pieces.
    ;(await accepted.promise).write('Welcome\r\nSS')
    await begun.promise
    while (clock.pending === 0) {
      // oxlint-disable-next-line no-await-in-loop -- a turn at a time
      await new Promise<void>((resolve) => void setImmediate(resolve))
    }
    await clock.advance(30_000)
    expect(await failed).toMatchObject({ code: 'DEVICE_UNREACHABLE' })
    expect(steps).toEqual(['resolve', 'tcp', 'banner'])
  })

  test('up to the host key that is not the known one', async () => {
    await using server = await routerWith({ prompt: 'r1#' })
    const device = sshDevice(server.port, { hostKeys: 'strict', knownHostsFile: '/dev/null' })
    const steps = ['resolve', 'tcp', 'banner', 'host-key']
    expect(await stepsOf(device)).toEqual(steps)
  })

  test('up to the password that is refused', async () => {
    await using server = await routerWith({ prompt: 'r1#' })
    const credentials = { default: { username: 'admin', password: 'wrong', at: 'testbed.yaml:3' } }
    const device = sshDevice(server.port, {}, { credentials })
    const steps = ['resolve', 'tcp', 'banner', 'host-key', 'login']
    expect(await stepsOf(device)).toEqual(steps)
  })
})

test('a step lasts until the next one begins, and the last one until now', async () => {
  const clock = new VirtualClock()
  const steps = new LoginSteps(clock)
  steps.begin('resolve')
  await clock.advance(5)
  steps.begin('tcp')
  await clock.advance(20)
  expect(steps.timed()).toEqual([
    { step: 'resolve', ms: 5 },
    { step: 'tcp', ms: 20 },
  ])
})
