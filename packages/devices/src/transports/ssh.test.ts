import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@nac-broker/supervisor'
import ssh2, {
  type AuthContext,
  type ParsedKey,
  type PseudoTtyInfo,
  type ServerChannel,
} from 'ssh2'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { failureOf } from '../failure.fixture.ts'
import { openSession, type OpenSessionOptions } from '../open-session.ts'
import type { Device } from '../testbed/testbed.ts'
import { playShell, sshDevice, SshServer, type SshServerOptions } from './ssh-server.fixture.ts'

let folder: string
const cleanUp: (() => unknown)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssh-'))
})

afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) {
    // oxlint-disable-next-line no-await-in-loop -- in order
    await step()
  }
  await rm(folder, { recursive: true })
})

async function serve(options: SshServerOptions = {}): Promise<SshServer> {
  const server = await SshServer.start({
    onShell: (channel) => playShell(channel, { prompt: 'r1#' }),
    ...options,
  })
  cleanUp.push(() => server[Symbol.asyncDispose]())
  return server
}

/** A TCP server that is none of SSH. */
async function serveTcp(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer(onSocket).listen(0, '127.0.0.1')
  cleanUp.push(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const NO_AGENT = { ...process.env, SSH_AUTH_SOCK: undefined }

async function logIn(device: Device, options: OpenSessionOptions = {}): Promise<void> {
  const session = await openSession(device, { env: NO_AGENT, ...options })
  await session.close()
}

describe('authentication', () => {
  /** Accepts a signature by `key` or, when a password is given, that. */
  function acceptKey(key: ParsedKey, methods: string[] = []) {
    return (context: AuthContext): void => {
      methods.push(context.method)
      const isKey = context.method === 'publickey' && context.key.data.equals(key.getPublicSSH())
      if (isKey) context.accept()
      else context.reject(['publickey', 'password'])
    }
  }

  async function keyFile(name: string): Promise<{ file: string; parsed: ParsedKey }> {
    const key = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 })
    const file = join(folder, name)
    await writeFile(file, key.private, { mode: 0o600 })
    return { file, parsed: ssh2.utils.parseKey(key.private) as ParsedKey }
  }

  test('tries identity files one after the other', async () => {
    const wrong = await keyFile('wrong')
    const right = await keyFile('right')
    const server = await serve({ authenticate: acceptKey(right.parsed) })
    await expect(
      logIn(sshDevice(server.port, { identityFiles: [wrong.file, right.file] })),
    ).resolves.toBeUndefined()
  })

  test('tries identity files before the password', async () => {
    const wrong = await keyFile('wrong')
    const methods: string[] = []
    const server = await serve({
      authenticate: (context) => {
        methods.push(context.method)
        if (context.method === 'password') context.accept()
        else context.reject(['password', 'publickey'])
      },
    })
    await expect(
      logIn(sshDevice(server.port, { identityFiles: [wrong.file] })),
    ).resolves.toBeUndefined()
    expect(methods).toEqual(['none', 'publickey', 'password'])
  })

  test('tries only what the server offers', async () => {
    const key = await keyFile('key')
    const methods: string[] = []
    const server = await serve({
      authenticate: (context) => {
        methods.push(context.method)
        if (context.method === 'password') context.accept()
        else context.reject(['password'])
      },
    })
    await expect(
      logIn(sshDevice(server.port, { identityFiles: [key.file] })),
    ).resolves.toBeUndefined()
    expect(methods).toEqual(['none', 'password'])
  })

  test('answers keyboard-interactive questions for a password with the password', async () => {
    const questions = [
      { prompt: 'Password for admin: ', echo: false },
      { prompt: 'Anything else? ', echo: true },
    ]
    const server = await serve({
      authenticate: (context) => {
        if (context.method !== 'keyboard-interactive') {
          return context.reject(['keyboard-interactive'])
        }
        context.prompt(questions, (answers) => {
          if (answers.join('|') === 'secret|') context.accept()
          else context.reject()
        })
      },
    })
    await expect(logIn(sshDevice(server.port))).resolves.toBeUndefined()
  })

  test.skipIf(!existsSync('/usr/bin/ssh-agent'))('uses an ssh-agent', async () => {
    const key = await keyFile('agent-key')
    const agentSocket = join(folder, 'agent')
    const agent = spawn('/usr/bin/ssh-agent', ['-D', '-a', agentSocket])
    cleanUp.push(async () => {
      agent.kill()
      await once(agent, 'close')
    })
    await once(agent.stdout, 'data')
    const env = { ...process.env, SSH_AUTH_SOCK: agentSocket }
    execFileSync('ssh-add', ['-q', key.file], { env })
    const server = await serve({ authenticate: acceptKey(key.parsed) })
    await expect(logIn(sshDevice(server.port), { env })).resolves.toBeUndefined()
  })

  test('goes on without an agent that is not there', async () => {
    const server = await serve({
      authenticate: (context) => {
        if (context.method === 'password') context.accept()
        else context.reject(['publickey', 'password'])
      },
    })
    const env = { ...process.env, SSH_AUTH_SOCK: join(folder, 'no-agent') }
    await expect(logIn(sshDevice(server.port), { env })).resolves.toBeUndefined()
  })

  test('that fails names device, user and what was tried, and no secret', async () => {
    const key = await keyFile('id_lab')
    const reject = (context: AuthContext): void =>
      context.reject(['publickey', 'password', 'keyboard-interactive'])
    const server = await serve({ authenticate: reject })
    const missing = join(folder, 'missing')
    const device = sshDevice(server.port, { identityFiles: [key.file, missing] })
    const error = await logIn(device).catch((failure: unknown) => failure)
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', device: 'r1', sent: 'no' })
    expect((error as Error).message).toBe(
      `r1: 127.0.0.1:${server.port} refused user "admin": tried publickey id_lab, password, ` +
        `keyboard-interactive; identity file ${missing} cannot be read (ENOENT)`,
    )
  })

  test('that ends in a closed connection has failed too', async () => {
    const server = await serve({
      authenticate: (context) => {
        if (context.method === 'none') context.reject(['password'])
        else for (const socket of server.sockets) socket.destroy()
      },
    })
    await expect(logIn(sshDevice(server.port))).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining('tried password') as string,
    })
  })
})

describe('a device that cannot be reached', () => {
  const unreachable = (words: string) => ({
    code: 'DEVICE_UNREACHABLE',
    device: 'r1',
    message: expect.stringContaining(words) as string,
  })

  test('refuses the connection', async () => {
    const server = await SshServer.start()
    await server[Symbol.asyncDispose]()
    await expect(logIn(sshDevice(server.port))).rejects.toMatchObject(
      unreachable(`127.0.0.1:${server.port} cannot be reached: connection refused`),
    )
  })

  test('has no address', async () => {
    const device = sshDevice(22, { host: 'r1.invalid' })
    await expect(logIn(device)).rejects.toMatchObject(unreachable('r1.invalid:22'))
  })

  test('closes before its banner', async () => {
    const port = await serveTcp((socket) => socket.end())
    await expect(logIn(sshDevice(port))).rejects.toMatchObject(
      unreachable(`127.0.0.1:${port} answers, but there was no SSH handshake`),
    )
  })

  test('is no SSH server: what it says is told', async () => {
    const port = await serveTcp((socket) => socket.end('220 ftp.example ready\r\n'))
    await expect(logIn(sshDevice(port))).rejects.toMatchObject(
      unreachable('it said "220 ftp.example ready"'),
    )
  })

  test('says nothing at all', async () => {
    const clock = new VirtualClock()
    const accepted = Promise.withResolvers<Socket>()
    const port = await serveTcp((socket) => accepted.resolve(socket))
    const failed = failureOf(logIn(sshDevice(port), { clock, loginTimeoutMs: 5_000 }))
    const socket = await accepted.promise
    // Its banner is there, so the client is past the connect.
    await once(socket, 'data')
    const closed = once(socket, 'close')
    socket.resume()
    await clock.advance(5_000)
    expect(await failed).toMatchObject(unreachable('within 5000 ms'))
    await closed
    expect(clock.pending).toBe(0)
  })

  test('ends the connection between handshake and login', async () => {
    const server = await serve({
      authenticate: () => {
        for (const socket of server.sockets) socket.destroy()
      },
    })
    await expect(logIn(sshDevice(server.port))).rejects.toMatchObject(
      unreachable('the login failed'),
    )
  })
})

test('a device that ends the connection after the login was there, and is gone', async () => {
  const server = await serve({
    authenticate(context) {
      if (context.method === 'none') return context.reject(['password'])
      context.accept()
      for (const socket of server.sockets) socket.end()
    },
  })
  // Keeping the host key takes longer than the end of the connection.
  const knownHostsFile = join(folder, 'known_hosts')
  const device = sshDevice(server.port, { knownHostsFile, hostKeys: 'accept-new' })
  await expect(logIn(device)).rejects.toMatchObject({
    code: 'DEVICE_UNREACHABLE',
    message: expect.stringContaining('the device closed the connection') as string,
  })
})

describe('a device whose lines are all taken', () => {
  const full = {
    code: 'SESSION_LIMIT',
    message: expect.stringContaining('lines are in use') as string,
  }

  test('may say so in place of its banner', async () => {
    const port = await serveTcp((socket) => socket.end('% All VTY lines are in use\r\n'))
    await expect(logIn(sshDevice(port))).rejects.toMatchObject(full)
  })

  test('may say so in place of a prompt', async () => {
    const server = await serve({
      onShell: (channel) => channel.end('\r\n% All VTY lines are in use\r\n'),
    })
    await expect(logIn(sshDevice(server.port))).rejects.toMatchObject(full)
  })
})

describe('a connection', () => {
  test('is without the delay of Nagle', async () => {
    const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay')
    cleanUp.push(() => setNoDelay.mockRestore())
    const port = await serveTcp((socket) => socket.end())
    await expect(logIn(sshDevice(port))).rejects.toThrow('no SSH handshake')
    expect(setNoDelay).toHaveBeenCalledWith(true)
  })

  test('has a terminal without escape sequences, so wide that nothing is wrapped', async () => {
    const terminal = Promise.withResolvers<PseudoTtyInfo | undefined>()
    const server = await serve({
      onShell: (channel, info) => {
        terminal.resolve(info)
        playShell(channel, { prompt: 'r1#' })
      },
    })
    await expect(logIn(sshDevice(server.port))).resolves.toBeUndefined()
    expect(await terminal.promise).toMatchObject({ term: 'dumb', cols: 4095, rows: 1000 })
  })

  test('is closed by both sides when close resolves', async () => {
    const server = await serve()
    const session = await openSession(sshDevice(server.port), { env: NO_AGENT })
    expect(server.sockets.size).toBe(1)
    const [socket] = server.sockets
    await session.close()
    expect(socket?.readableEnded).toBe(true)
    expect(await session.ended).toEqual({ by: 'us' })
  })

  test('to a device that does not let go is cut after two seconds', async () => {
    const clock = new VirtualClock()
    const { port, hold } = await proxyThatHolds(await serve())
    const session = await openSession(sshDevice(port), { env: NO_AGENT, clock })
    hold()
    let closed = false
    const closing = session.close().then(() => (closed = true))
    await clock.advance(1_999)
    expect(closed).toBe(false)
    await clock.advance(1)
    await closing
    expect(clock.pending).toBe(0)
  })

  test('that is cut is told with its reason', async () => {
    const server = await serve()
    const session = await openSession(sshDevice(server.port), { env: NO_AGENT })
    for (const socket of server.sockets) socket.resetAndDestroy()
    expect(await session.ended).toMatchObject({ by: 'device', error: { code: 'SESSION_LOST' } })
    expect(session.isOpen).toBe(false)
  })

  test('whose shell alone is closed by the device is lost at once', async () => {
    const shells: ServerChannel[] = []
    const server = await serve({
      onShell: (channel) => {
        shells.push(channel)
        playShell(channel, { prompt: 'r1#' })
      },
    })
    const clock = new VirtualClock()
    const session = await openSession(sshDevice(server.port), { env: NO_AGENT, clock })
    let connections = 0
    const ended = session.ended.then((end) => {
      connections = server.sockets.size
      return end
    })
    shells[0]?.close()
    expect(await ended).toMatchObject({ by: 'device', error: { code: 'SESSION_LOST' } })
    expect(connections).toBe(1)
  })

  test('that is cancelled while it opens leaves nothing open', async () => {
    const abort = new AbortController()
    const accepted = Promise.withResolvers<Socket>()
    const port = await serveTcp((socket) => accepted.resolve(socket))
    const failed = failureOf(logIn(sshDevice(port), { signal: abort.signal }))
    const socket = await accepted.promise
    const closed = once(socket.resume(), 'close')
    abort.abort()
    expect(await failed).toMatchObject({
      code: 'CANCELLED',
      device: 'r1',
      sent: 'no',
    })
    await closed
  })
})

/** A way to `server` that can be made to pass nothing on, not even the end. */
async function proxyThatHolds(server: SshServer): Promise<{ port: number; hold: () => void }> {
  let holding = false
  const ends: Socket[] = []
  const proxy = createServer({ allowHalfOpen: true }, (near) => {
    const far = new Socket({ allowHalfOpen: true }).connect(server.port, '127.0.0.1')
    ends.push(near, far)
    near.on('data', (bytes) => holding || far.write(bytes))
    far.on('data', (bytes) => holding || near.write(bytes))
    for (const socket of [near, far]) socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  cleanUp.push(() => {
    for (const socket of ends) socket.destroy()
    proxy.close()
  })
  await once(proxy, 'listening')
  return { port: (proxy.address() as AddressInfo).port, hold: () => (holding = true) }
}
