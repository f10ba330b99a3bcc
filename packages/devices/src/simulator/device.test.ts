import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { VirtualClock } from '@nac-broker/supervisor'
import type { DeviceLogEntry } from './device-log.ts'
import { atPrompt, TestClient } from './shell.fixture.ts'
import { startSimulator, type SimulatorOptions } from './simulator.ts'

async function start(options: SimulatorOptions = {}) {
  const log: DeviceLogEntry[] = []
  const simulator = await startSimulator({
    devices: 1,
    latencyMs: 0,
    deviceLog: (entry) => log.push(entry),
    ...options,
  })
  const device = simulator.devices[0]
  if (!device) throw new Error('no device')
  const events = (): string[] => log.map((entry) => entry.event)
  return { device, log, events, [Symbol.asyncDispose]: () => simulator.close() }
}

describe('login', () => {
  it('takes a password', async () => {
    await using lab = await start()
    await using client = await TestClient.logIn(lab.device)
    expect(await (await client.openShell()).readUntil('#')).toBe('\r\nsim-1#')
  })

  it('takes a password by keyboard-interactive', async () => {
    await using lab = await start()
    await using client = await TestClient.logIn(lab.device, { keyboardInteractive: 'admin' })
    expect(await (await client.openShell()).readUntil('#')).toBe('\r\nsim-1#')
  })

  it.each([
    { password: 'wrong' },
    { keyboardInteractive: 'wrong' },
    { username: 'nobody' },
    { password: '' },
  ])('refuses %j', async (wrong) => {
    await using lab = await start()
    await expect(TestClient.logIn(lab.device, wrong)).rejects.toThrow(
      'All configured authentication methods failed',
    )
    expect(lab.log).toEqual([])
  })

  it('takes its time over a password when told to', async () => {
    const clock = new VirtualClock()
    const asleep = Promise.withResolvers<void>()
    const sleep = clock.sleep.bind(clock)
    clock.sleep = (ms, signal) => {
      asleep.resolve()
      return sleep(ms, signal)
    }
    await using lab = await start({ clock, loginLatencyMs: 700 })
    let loggedIn = false
    const login = TestClient.logIn(lab.device).finally(() => (loggedIn = true))
    await asleep.promise
    await clock.advance(699)
    expect(loggedIn).toBe(false)
    await clock.advance(1)
    await using client = await login
    expect(client).toBeInstanceOf(TestClient)
  })

  it('answers keepalive requests', async () => {
    await using lab = await start()
    let answers = 0
    const answered = Promise.withResolvers<void>()
    await using client = await TestClient.logIn(lab.device, {
      keepaliveInterval: 20,
      debug: (message) => {
        if (message.includes('Received REQUEST_FAILURE') && ++answers === 3) answered.resolve()
      },
    })
    await answered.promise
    const shell = await atPrompt(client)
    expect(await shell.run('show nonce a')).toBe('a 1')
  })
})

describe('lines', () => {
  it('tells one session too many that all lines are in use, and hangs up', async () => {
    await using lab = await start({ maxSessions: 2 })
    await using first = await TestClient.logIn(lab.device)
    await using second = await TestClient.logIn(lab.device)
    await using third = await TestClient.logIn(lab.device)
    await atPrompt(first)
    const shell = await atPrompt(second)
    const refused = await third.openShell()
    expect(await refused.readToEnd()).toBe('% All VTY lines are in use\r\n')
    await third.closed
    expect(lab.device.openSessions).toBe(2)
    expect(lab.log.map(({ session, event }) => [session, event])).toEqual([
      [1, 'login'],
      [2, 'login'],
      [3, 'refused'],
    ])
    expect(await shell.run('show nonce a')).toBe('a 1')
  })

  it('frees a line before the client sees that the session has ended', async () => {
    await using lab = await start({ maxSessions: 1 })
    for (let i = 0; i < 10; i++) {
      await using client = await TestClient.logIn(lab.device)
      const shell = await atPrompt(client)
      shell.channel.close()
      await shell.closed
      expect(lab.device.openSessions).toBe(0)
      expect(lab.log.at(-1)).toMatchObject({ event: 'logout', reason: 'client closed' })
      // The device ends the connection with the session, not waiting for the client to do it.
      await client.closed
    }
    expect(lab.events()).not.toContain('refused')
  })

  it.each(['closes its session', 'is gone'])(
    'frees the line of a client that %s while its command runs',
    async (what) => {
      const loggedOut = Promise.withResolvers<void>()
      const clock = new VirtualClock()
      await using lab = await start({
        clock,
        latencyMs: 50,
        deviceLog: ({ event }) => event === 'logout' && loggedOut.resolve(),
      })
      await using client = await TestClient.logIn(lab.device)
      const shell = await atPrompt(client)
      shell.send('show nonce a\r')
      await shell.readUntil('a\r\n')
      if (what === 'is gone') {
        client.client.destroy()
        await loggedOut.promise
      } else {
        shell.channel.close()
        await shell.closed
      }
      expect(lab.device.openSessions).toBe(0)
      expect(clock.pending).toBe(0)
    },
  )

  it('frees the line of a client that is simply gone', async () => {
    await using lab = await start()
    const client = await TestClient.logIn(lab.device)
    await atPrompt(client)
    client.client.destroy()
    await client.closed
    await using next = await TestClient.logIn(lab.device)
    await atPrompt(next)
    expect(lab.device.openSessions).toBe(1)
    expect(lab.events()).toEqual(['login', 'logout', 'login'])
  })

  it('answers what was typed before the end of input, then hangs up', async () => {
    await using lab = await start()
    await using client = await TestClient.logIn(lab.device)
    const shell = await atPrompt(client)
    shell.channel.end('show nonce a\rshow nonce b\r')
    expect(await shell.readToEnd()).toContain('b 2\r\nsim-1#')
    await client.closed
    expect(lab.log.at(-1)).toMatchObject({ event: 'logout', reason: 'client closed' })
  })

  it('gives a connection one shell', async () => {
    await using lab = await start()
    await using client = await TestClient.logIn(lab.device)
    await atPrompt(client)
    await expect(client.openShell()).rejects.toThrow('Channel open failure')
    expect(lab.device.openSessions).toBe(1)
  })

  it('survives what does not speak SSH', async () => {
    await using lab = await start()
    const socket = connect(lab.device.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\n\r\n'.repeat(1000))
    await once(socket.resume(), 'close')
    await using client = await TestClient.logIn(lab.device)
    await atPrompt(client)
    expect(lab.events()).toEqual(['login'])
  })
})

describe('log', () => {
  it('bears witness to each answer with the bytes and hash that the client got', async () => {
    await using lab = await start()
    await using client = await TestClient.logIn(lab.device)
    const shell = await atPrompt(client)
    for (const line of ['terminal length 0', 'show interfaces', 'frobnicate', 'show nonce a']) {
      const got = await shell.run(line)
      const [command, output] = lab.log.slice(-2)
      expect(command).toMatchObject({ device: 'sim-1', session: 1, event: 'command', line })
      expect(output).toMatchObject({
        device: 'sim-1',
        session: 1,
        event: 'output',
        line,
        bytes: got.length,
        sha256: sha256(got),
      })
    }
  })

  it('counts the password prompt of enable as its answer', async () => {
    await using lab = await start({ enablePassword: 'more' })
    await using client = await TestClient.logIn(lab.device)
    const shell = await atPrompt(client, 'sim-1>')
    shell.send('enable\rmore\r')
    await shell.readUntil('sim-1#')
    expect(lab.log.at(-1)).toMatchObject({ bytes: 10, sha256: sha256('Password: ') })
  })

  it('has no output for a command whose session ended first', async () => {
    const clock = new VirtualClock()
    await using lab = await start({ clock, latencyMs: 50 })
    await using client = await TestClient.logIn(lab.device)
    const shell = await atPrompt(client)
    shell.send('show nonce a\r')
    await shell.readUntil('a\r\n')
    expect(lab.device.dropSessions()).toBe(1)
    await clock.advance(50)
    await client.closed
    expect(lab.events()).toEqual(['login', 'command', 'logout'])
    expect(lab.log.at(-1)).toMatchObject({ reason: 'dropped' })
    expect(clock.pending).toBe(0)
  })

  it('sends a large answer whole, and no faster than it is taken', async () => {
    await using lab = await start()
    await using client = await TestClient.logIn(lab.device)
    const shell = await atPrompt(client)
    await shell.run('terminal length 0')
    shell.channel.pause()
    shell.send('show bulk 8000000\r')
    const other = await TestClient.logIn(lab.device)
    const elsewhere = await atPrompt(other)
    await elsewhere.run('show nonce a')
    await other[Symbol.asyncDispose]()
    expect(lab.log.filter((entry) => entry.event === 'output')).toHaveLength(2)
    shell.channel.resume()
    await shell.readUntil('8000000\r\n')
    const got = (await shell.readUntil('sim-1#')).slice(0, -'\r\nsim-1#'.length)
    expect(got).toHaveLength(8_000_000)
    expect(lab.log.findLast((entry) => entry.event === 'output')).toMatchObject({
      bytes: 8_000_000,
      sha256: sha256(got),
    })
  })
})

describe('controls', () => {
  it('listens on the same port after a stop, with nobody logged in', async () => {
    await using lab = await start()
    const { port } = lab.device
    const client = await TestClient.logIn(lab.device)
    await atPrompt(client)
    await lab.device.stop()
    expect(lab.log.at(-1)).toMatchObject({ event: 'logout', reason: 'stopped' })
    await client.closed
    await expect(TestClient.logIn(lab.device)).rejects.toThrow('ECONNREFUSED')
    await lab.device.start()
    expect(lab.device.port).toBe(port)
    await using again = await TestClient.logIn(lab.device)
    await atPrompt(again)
    expect(lab.device.openSessions).toBe(1)
  })

  it('shows another host key after it was changed', async () => {
    await using lab = await start()
    const seen: string[] = []
    const hostVerifier = (key: Buffer): boolean => seen.push(key.toString('base64')) > 0
    for (const change of [true, false]) {
      await using client = await TestClient.logIn(lab.device, { hostVerifier })
      expect(lab.device.hostKey).toBe(`ssh-ed25519 ${seen.at(-1)}`)
      await atPrompt(client)
      if (change) lab.device.changeHostKey()
    }
    expect(new Set(seen).size).toBe(2)
  })
})

function sha256(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex')
}
