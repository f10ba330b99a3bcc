import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { failureOf } from './failure.fixture.ts'
import { openSession, type OpenSessionOptions } from './open-session.ts'
import type { Device } from './testbed/testbed.ts'
import {
  playShell,
  type ShellScript,
  sshDevice,
  SshServer,
} from './transports/ssh-server.fixture.ts'

/** Longer than what is told of a device's words: if it were cut before it is looked for, half would show. */
const PASSWORD = `hunter2${'-again'.repeat(40)}`

const run = { timeoutMs: 10_000 }

const credentials = {
  default: { username: 'admin', password: 'secret', at: 'testbed.yaml:3' },
  enable: { password: PASSWORD, at: 'testbed.yaml:5' },
}

/** What opening a session, and then `act`, fails of. */
async function told(
  device: Device,
  act: (session: Awaited<ReturnType<typeof openSession>>) => Promise<unknown> = async () => {},
  options?: OpenSessionOptions,
): Promise<string> {
  const doing = async (): Promise<void> => {
    const session = await openSession({ ...device, credentials }, options)
    try {
      await act(session)
    } finally {
      await session.close()
    }
  }
  return ((await failureOf(doing())) as Error).message
}

async function onShell(script: ShellScript): Promise<AsyncDisposable & { device: Device }> {
  const server = await SshServer.start({ onShell: (channel) => playShell(channel, script) })
  const device = sshDevice(server.port)
  return { device, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

describe('what a device says is told without its passwords', () => {
  test('when it refuses a command', async () => {
    const answer = (line: string): string | undefined =>
      line === 'nonsense' ? `% Invalid input: ${PASSWORD}.\r\nr1#` : undefined
    await using lab = await onShell({ prompt: 'r1#', answer })
    expect(await told(lab.device, (session) => session.execute('nonsense', run))).toBe(
      'r1: the device refused the command: % Invalid input: ***.',
    )
  })

  test('when it refuses a line of configuration, the line itself included', async () => {
    let prompt = 'r1#'
    const answer = (line: string): string => {
      if (line === 'configure terminal') prompt = 'r1(config)#'
      if (line === 'end') prompt = 'r1#'
      return line === `${PASSWORD} x` ? `% Invalid input: <${PASSWORD}>\r\n${prompt}` : prompt
    }
    await using lab = await onShell({ prompt, answer })
    expect(await told(lab.device, (session) => session.configure([`${PASSWORD} x`], run))).toBe(
      'r1: the device refused line 1 of 1 ("*** ..."): % Invalid input: <***>',
    )
  })

  test('when it does not let us configure', async () => {
    const answer = (line: string): string | undefined =>
      line === 'configure terminal' ? `% Invalid input: ${PASSWORD}\r\nr1#` : undefined
    await using lab = await onShell({ prompt: 'r1#', answer })
    expect(await told(lab.device, (session) => session.configure(['x'], run))).toContain(': ***')
  })

  test('when it refuses to enable', async () => {
    const answer = (line: string): string =>
      line === 'enable' ? `% Access denied: ${PASSWORD}\r\nr1>` : 'r1>'
    await using lab = await onShell({ prompt: 'r1>', answer })
    expect(await told(lab.device)).toContain('("% Access denied: ***")')
  })

  test('when it says that its lines are full', async () => {
    const words = `% All VTY lines are in use by ${PASSWORD}\r\n`
    await using lab = await onShell({ prompt: words })
    expect(await told(lab.device)).toContain('in use by ***')
    const port = await serveText(words)
    expect(await told(sshDevice(port))).toContain('in use by ***')
  })

  test('when it is no SSH server', async () => {
    const port = await serveText(`go away, ${PASSWORD}\r\n`)
    expect(await told(sshDevice(port))).toContain('it said "go away, ***"')
  })

  test('when its command ends with words on standard error', async () => {
    const command = 'echo "wrong: $PASSWORD" >&2; exit 1'
    const connection = { protocol: 'command', command } as const
    const env = { ...process.env, PASSWORD }
    const device = { ...sshDevice(0), connection }
    expect(await told(device, undefined, { env })).toBe(
      'r1: its command exited with code 1: wrong: ***',
    )
  })
})

/** Says something to whoever connects, and hangs up; gone with the test's process at the latest. */
async function serveText(text: string): Promise<number> {
  const server = createServer((socket) => {
    socket.end(text)
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
