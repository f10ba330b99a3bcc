import { createHash } from 'node:crypto'
import { VirtualClock } from '@nac-broker/supervisor'
import type { ServerChannel } from 'ssh2'
import { describe, expect, test } from 'vitest'
import { failureOf } from './failure.fixture.ts'
import { openSession } from './open-session.ts'
import type { DeviceLogEntry } from './simulator/device-log.ts'
import { startSimulator } from './simulator/simulator.ts'
import type { SimulatedDevice } from './simulator/device.ts'
import type { Device } from './testbed/testbed.ts'
import { playShell, sshDevice, SshServer } from './transports/ssh-server.fixture.ts'

const run = { timeoutMs: 15_000 }

function simulated({ port }: SimulatedDevice, passwords: Record<string, string> = {}): Device {
  const { default: password = 'admin', enable } = passwords
  return sshDevice(
    port,
    {},
    {
      credentials: {
        default: { username: 'admin', password, at: 'testbed.yaml:3' },
        ...(enable !== undefined && { enable: { password: enable, at: 'testbed.yaml:5' } }),
      },
    },
  )
}

function only<Value>(values: readonly Value[]): Value {
  const [value] = values
  if (value === undefined) throw new Error('there is none')
  return value
}

describe('a session on a simulated router', () => {
  test('executes, configures, is refused, and goes on', async () => {
    const log: DeviceLogEntry[] = []
    await using simulator = await startSimulator({
      devices: 1,
      latencyMs: 0,
      deviceLog: (entry) => log.push(entry),
    })
    const session = await openSession(simulated(only(simulator.devices)))
    expect((await session.execute('show nonce a', run)).toString()).toBe('a 1')
    await expect(session.execute('shw nonce', run)).rejects.toMatchObject({
      code: 'COMMAND_REJECTED',
    })
    await session.configure(['interface GigabitEthernet1', 'description to r2'], run)
    const configuration = await session.execute('show running-config', run)
    expect(configuration.toString()).toContain('description to r2')
    await expect(session.configure(['ip routing', 'nonsense'], run)).rejects.toThrow('line 2 of 2')
    const output = await session.execute('show version', run)
    await session.close()
    expect(log.at(-1)).toMatchObject({ event: 'logout' })
    // What the device says it sent is what we have.
    const sent = log.findLast(({ event }) => event === 'output')
    expect(sent).toMatchObject({
      line: 'show version',
      sha256: createHash('sha256').update(output).digest('hex'),
    })
  })

  test('gets privileges with the enable password, or else with the default one', async () => {
    await using simulator = await startSimulator({ devices: 1, enablePassword: 'hunter2' })
    const device = only(simulator.devices)
    await (await openSession(simulated(device, { enable: 'hunter2' }))).close()
    const wrong = openSession(simulated(device, { enable: 'wrong' }))
    await expect(wrong).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    await expect(openSession(simulated(device))).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
    })
    await using same = await startSimulator({ devices: 1, enablePassword: 'admin' })
    await (await openSession(simulated(only(same.devices)))).close()
  })

  test('leaves nothing open when it fails after the login', async () => {
    const loggedOut = Promise.withResolvers<void>()
    await using simulator = await startSimulator({
      devices: 1,
      enablePassword: 'hunter2',
      deviceLog: ({ event }) => {
        if (event === 'logout') loggedOut.resolve()
      },
    })
    const device = only(simulator.devices)
    const failed = openSession(simulated(device, { enable: 'wrong' }))
    await expect(failed).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    await loggedOut.promise
    expect(device.openSessions).toBe(0)
  })

  test('is not to be had when all lines are in use', async () => {
    await using simulator = await startSimulator({ devices: 1, maxSessions: 1, latencyMs: 0 })
    const device = simulated(only(simulator.devices))
    const first = await openSession(device)
    await expect(openSession(device)).rejects.toMatchObject({ code: 'SESSION_LIMIT' })
    await first.close()
    // The line is free as soon as close has resolved.
    await (await openSession(device)).close()
  })

  test('takes 20 MB as they are', async () => {
    const log: DeviceLogEntry[] = []
    await using simulator = await startSimulator({
      devices: 1,
      latencyMs: 0,
      deviceLog: (entry) => log.push(entry),
    })
    const session = await openSession(simulated(only(simulator.devices)))
    const before = process.memoryUsage().arrayBuffers
    const output = await session.execute('show bulk 20000000', run)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000)
    expect(output).toHaveLength(20_000_000)
    await session.close()
    expect(log.findLast(({ event }) => event === 'output')).toMatchObject({
      sha256: createHash('sha256').update(output).digest('hex'),
    })
  })

  test('is lost when the device drops it in the middle of a command', async () => {
    const command = Promise.withResolvers<void>()
    await using simulator = await startSimulator({
      devices: 1,
      latencyMs: 60_000,
      deviceLog: (entry) => {
        if (entry.event === 'command' && entry.line === 'show version') command.resolve()
      },
    })
    const device = only(simulator.devices)
    device.latencyMs = 0
    const session = await openSession(simulated(device))
    device.latencyMs = 60_000
    const lost = failureOf(session.execute('show version', run))
    await command.promise
    device.dropSessions()
    expect(await lost).toMatchObject({
      code: 'SESSION_LOST',
      sent: 'yes',
    })
    expect(await session.ended).toMatchObject({ by: 'device' })
  })

  test('configures what the testbed wants configured first', async () => {
    await using simulator = await startSimulator({ devices: 1, latencyMs: 0 })
    const device = simulated(only(simulator.devices))
    const session = await openSession({ ...device, initConfigCommands: ['ip routing'] })
    const configuration = await session.execute('show running-config', run)
    expect(configuration.toString()).toContain('ip routing')
    await session.close()
    const nonsense = openSession({ ...device, initConfigCommands: ['nonsense'] })
    await expect(nonsense).rejects.toMatchObject({ code: 'COMMAND_REJECTED' })
  })
})

describe('opening a session', () => {
  test('works with a device that sends one byte at a time', async () => {
    await using server = await SshServer.start({
      onShell: (channel) => {
        const slow = {
          write: (text: string) => void drip(channel, text),
          on: channel.on.bind(channel),
        }
        playShell(slow as unknown as ServerChannel, {
          banner: 'Welcome to #1\r\n\r\n',
          prompt: 'r1#',
          answer: (line) => `you said\r\n${line}\r\nr1#`,
        })
      },
    })
    const session = await openSession(sshDevice(server.port))
    expect((await session.execute('show x', run)).toString()).toBe('you said\r\nshow x')
    await session.close()
  })

  test('fails with the last line when no prompt comes', async () => {
    const clock = new VirtualClock()
    const asked = Promise.withResolvers<void>()
    await using server = await SshServer.start({
      onShell: (channel) => {
        channel.on('data', () => asked.resolve())
        channel.write('\r\nWelcome\r\n\u001b[1madmin@srx>\u001b[0m ')
      },
    })
    const failed = failureOf(openSession(sshDevice(server.port), { clock, loginTimeoutMs: 10_000 }))
    await untilTimer(clock, 2)
    await clock.advance(3_000)
    await asked.promise
    await clock.advance(7_000)
    expect(await failed).toMatchObject({
      code: 'PROMPT_NOT_FOUND',
      device: 'r1',
      message:
        'r1: no iosxe prompt within 10000 ms, the last line was "admin@srx>"; check the device\'s os',
    })
    expect(clock.pending).toBe(0)
  })

  test('fails when a credential is missing, before anything is connected', async () => {
    const { credentials: _none, ...device } = sshDevice(1)
    await expect(openSession({ ...device, credentials: {} })).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
      device: 'r1',
    })
    const credentials = {
      default: { username: '%ENV{NO_SUCH_VARIABLE}', at: 'testbed.yaml:3' },
    }
    await expect(openSession({ ...device, credentials })).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
      message: expect.stringContaining('NO_SUCH_VARIABLE') as string,
    })
  })

  test('fails at once when it is cancelled already', async () => {
    const signal = AbortSignal.abort()
    await expect(openSession(sshDevice(1), { signal })).rejects.toMatchObject({
      code: 'CANCELLED',
      sent: 'no',
    })
  })

  test('can be cancelled while a prompt is waited for', async () => {
    const abort = new AbortController()
    const shell = Promise.withResolvers<ServerChannel>()
    await using server = await SshServer.start({ onShell: shell.resolve })
    const cancelled = failureOf(openSession(sshDevice(server.port), { signal: abort.signal }))
    await shell.promise
    const socket = only([...server.sockets])
    const closed = new Promise((resolve) => void socket.once('close', resolve))
    abort.abort()
    expect(await cancelled).toMatchObject({ code: 'CANCELLED' })
    await closed
  })
})

async function drip(channel: ServerChannel, text: string): Promise<void> {
  for (const byte of text) {
    channel.write(byte)
    // oxlint-disable-next-line no-await-in-loop -- that is the point
    await new Promise<void>((resolve) => void setImmediate(resolve))
  }
}

/** Resolves once `count` timers are running. */
async function untilTimer(clock: VirtualClock, count: number): Promise<void> {
  while (clock.pending < count) {
    // oxlint-disable-next-line no-await-in-loop -- a turn at a time
    await new Promise<void>((resolve) => void setImmediate(resolve))
  }
}
