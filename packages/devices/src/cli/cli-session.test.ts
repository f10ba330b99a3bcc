import { VirtualClock } from '@nac-broker/supervisor'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../failure.fixture.ts'
import { linux } from '../platforms/linux.ts'
import { bytesOf, fedSession, turn } from './fed-transport.fixture.ts'

const options = { timeoutMs: 10_000 }
const text = async (bytes: Promise<Buffer>): Promise<string> => (await bytes).toString()

describe.each([{ echo: true }, { echo: false }])('with a device that echoes: $echo', ({ echo }) => {
  const echoOf = (line: string): string => (echo ? `${line}\r\n` : '')

  test('a reply is the same wherever it is cut in two', async () => {
    const { transport, session } = await fedSession({ echo })
    const reply = `${echoOf('show x')}one\r\n\r\ntwo\r\nr1#`
    for (let cut = 0; cut <= reply.length; cut++) {
      const output = text(session.execute('show x', options))
      // oxlint-disable-next-line no-await-in-loop -- one command at a time
      await transport.feed(reply.slice(0, cut), reply.slice(cut))
      // oxlint-disable-next-line no-await-in-loop
      expect(await output).toBe('one\r\n\r\ntwo')
    }
  })

  test('a reply is the same in single bytes', async () => {
    const { transport, session } = await fedSession({ echo })
    const output = text(session.execute('show x', options))
    await transport.feed(...bytesOf(`${echoOf('show x')}one\r\ntwo\r\nr1#`))
    expect(await output).toBe('one\r\ntwo')
  })

  test('a prompt in the middle of what is read does not end the output', async () => {
    const { transport, session } = await fedSession({ echo })
    const output = text(session.execute('show log', options))
    transport.feedAtOnce(`${echoOf('show log')}a\r\nr1#`, 'show run\r\n', 'r1#', ' b\r\nr1#')
    expect(await output).toBe('a\r\nr1#show run\r\nr1# b')
  })

  test('the prompt of another device does not end the output', async () => {
    const { transport, session } = await fedSession({ echo })
    const output = text(session.execute('show log', options))
    await transport.feed(`${echoOf('show log')}r2#`, '\r\nr10#', '\r\nr1#')
    expect(await output).toBe('r2#\r\nr10#')
  })

  test('a command may have no output', async () => {
    const { transport, session } = await fedSession({ echo })
    const output = text(session.execute('clear x', options))
    await transport.feed(`${echoOf('clear x')}r1#`)
    expect(await output).toBe('')
  })

  test('only the line break before the prompt is taken away', async () => {
    const { transport, session } = await fedSession({ echo })
    const output = text(session.execute('show x', options))
    await transport.feed(`${echoOf('show x')}\n\r\nx\n\r\n\r\nr1#`)
    expect(await output).toBe('\n\r\nx\n\r\n')
  })

  test('what came before the command is dropped', async () => {
    const { transport, session } = await fedSession({ echo })
    await transport.feed('\r\n%SYS-5-RESTART: late news\r\nr1#')
    const output = text(session.execute('show x', options))
    await transport.feed(`${echoOf('show x')}x\r\nr1#`)
    expect(await output).toBe('x')
  })

  test('bytes come as the device sent them', async () => {
    const { transport, session } = await fedSession({ echo })
    const output = text(session.execute('show ünïcode', options))
    await transport.feed(`${echoOf('show ünïcode')}\u001b[1mgrün\u001b[0m\t\b\r\nr1#`)
    expect(await output).toBe('\u001b[1mgrün\u001b[0m\t\b')
  })

  test('output without a line break at its end has the prompt taken off', async () => {
    const clock = new VirtualClock()
    const { transport, session } = await fedSession({ clock, echo })
    const output = text(session.execute('more flash:x', options))
    await transport.feed(`${echoOf('more flash:x')}no line break`, 'r1#')
    await clock.advance(100)
    expect(await output).toBe('no line break')
  })
})

describe('an echo', () => {
  test('ends what comes late: news, prompts, output of before', async () => {
    const { transport, session } = await fedSession()
    const output = text(session.execute('show x', options))
    await transport.feed(
      '\r\n%LINK-3-UPDOWN: show x is up\r\n',
      'r1#',
      '\r\nr1#show x\r\n',
      'x\r\nr1#',
    )
    expect(await output).toBe('x')
  })

  test('may be drawn again by a terminal that edits the line', async () => {
    const { transport, session } = await fedSession()
    const output = text(session.execute('show x', options))
    await transport.feed('show  y\b\b \bx\rr1#show x\u001b[K \b\r\nx\r\nr1#')
    expect(await output).toBe('x')
  })

  test('may be cut by news and by the edge of the screen', async () => {
    const { transport, session } = await fedSession()
    const output = text(session.execute('show x y z', options))
    await transport.feed('show x\r\n%LINK-3-UPDOWN: it is up\r\n y\r\n z\r\nx\r\nr1#')
    expect(await output).toBe('x')
  })

  test('of the command in the output is output', async () => {
    const { transport, session } = await fedSession()
    const output = text(session.execute('show history', options))
    await transport.feed('show history\r\n  show x\r\nshow history\r\nr1#')
    expect(await output).toBe('  show x\r\nshow history')
  })

  test('that is expected is waited for, whatever prompts come before it', async () => {
    const clock = new VirtualClock()
    const { transport, session } = await fedSession({ clock })
    const output = text(session.execute('show x', options))
    await transport.feed('r1#', '\r\nr1#', '\r\nr1#')
    await clock.advance(5_000)
    await transport.feed('show x\r\nx\r\nr1#')
    expect(await output).toBe('x')
  })
})

describe('a prompt without a name', () => {
  const shell = { prompt: '$ ', platform: { ...linux, disablePaging: ['quiet'] } }

  test('is one only when nothing follows it for a while', async () => {
    const clock = new VirtualClock()
    const loggedIn = fedSession({ ...shell, clock })
    // The first prompt is doubted, too, and the one after the setup is not yet known to be weak.
    await turn()
    await clock.advance(300)
    const { transport, session } = await loggedIn
    const output = text(session.execute('cat cost', options))
    await transport.feed('cat cost\r\n', '$ ', '5\r\n', '$ ')
    await clock.advance(99)
    await transport.feed('6\r\n$ ')
    await clock.advance(100)
    expect(await output).toBe('$ 5\r\n$ 6')
  })
})

describe('a refused command', () => {
  const caret = "       ^\r\n% Invalid input detected at '^' marker.\r\n\r\n"

  test('is told with the words of the device, and the session goes on', async () => {
    const { transport, session } = await fedSession()
    const refused = failureOf(session.execute('shw x', options))
    await transport.feed(`shw x\r\n${caret}r1#`)
    expect(await refused).toMatchObject({
      code: 'COMMAND_REJECTED',
      sent: 'yes',
      device: 'r1',
      message: "r1: the device refused the command: % Invalid input detected at '^' marker.",
    })
    const output = text(session.execute('show x', options))
    await transport.feed('show x\r\nx\r\nr1#')
    expect(await output).toBe('x')
  })

  test('is not one whose long output has such words in it', async () => {
    const { transport, session } = await fedSession()
    const output = text(session.execute('show log', options))
    const log = `one\r\ntwo\r\nthree\r\n${caret}four`
    await transport.feed(`show log\r\n${log}\r\nr1#`)
    expect(await output).toBe(log)
  })
})

describe('a session', () => {
  test.each(['a\rb', 'a\nb', 'a\0b', 'a\u0003', 'a\u001b[A', 'a\tb', 'a\u007f'])(
    'sends nothing of %j',
    async (command) => {
      const { transport, session } = await fedSession()
      const before = transport.written.length
      const invalid = { code: 'INVALID_COMMAND', sent: 'no' }
      await expect(session.execute(command, options)).rejects.toMatchObject(invalid)
      await expect(session.configure(['ok', command], options)).rejects.toMatchObject(invalid)
      expect(transport.written).toHaveLength(before)
      expect(session.isOpen).toBe(true)
    },
  )

  test('does not repeat a password with the question that it was ended in', async () => {
    const clock = new VirtualClock()
    const { transport, session } = await fedSession({ clock })
    const failed = failureOf(session.execute('reload', { timeoutMs: 1_000 }))
    await transport.feed('reload\r\n', `${'x'.repeat(70)} enable-secret?`)
    await clock.advance(1_000)
    expect(await failed).toMatchObject({
      code: 'COMMAND_TIMEOUT',
      message: expect.stringContaining(`; it asks "${'x'.repeat(70)} ***?"`) as string,
    })
  })

  test('takes the last line of a long output for no question', async () => {
    const clock = new VirtualClock()
    const { transport, session } = await fedSession({ clock })
    const failed = failureOf(session.execute('show running-config', { timeoutMs: 1_000 }))
    await transport.feed('show running-config\r\n', 'x'.repeat(1_000), '\r\nkey [7 0822455D0A16]')
    await clock.advance(1_000)
    expect(await failed).toMatchObject({
      code: 'COMMAND_TIMEOUT',
      message: 'r1: no prompt within 1000 ms, so the session was ended',
    })
  })

  test('is destroyed by a command that takes too long', async () => {
    const clock = new VirtualClock()
    const { transport, session } = await fedSession({ clock })
    const slow = session.execute('reload', { timeoutMs: 1_000 })
    const failed = failureOf(slow)
    await transport.feed('reload\r\n', 'Proceed with reload? [confirm]')
    await clock.advance(999)
    expect(session.isOpen).toBe(true)
    await clock.advance(1)
    expect(await failed).toMatchObject({
      code: 'COMMAND_TIMEOUT',
      sent: 'yes',
      message:
        'r1: no prompt within 1000 ms, so the session was ended; ' +
        'it asks "Proceed with reload? [confirm]"',
    })
    expect(session.isOpen).toBe(false)
    expect(await session.ended).toEqual({ by: 'us' })
    // The question was not answered.
    expect(transport.written).toEqual(['quiet\n', 'reload\n'])
    expect(clock.pending).toBe(0)
  })

  test('is destroyed by cancelling a command', async () => {
    const { transport, session } = await fedSession()
    const abort = new AbortController()
    const cancelled = session.execute('show x', { ...options, signal: abort.signal })
    await transport.feed('show x\r\npart of it')
    abort.abort()
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED', sent: 'yes' })
    expect(await session.ended).toEqual({ by: 'us' })
    await expect(session.execute('show x', options)).rejects.toMatchObject({
      code: 'SESSION_LOST',
      sent: 'no',
    })
  })

  test('survives a command that was cancelled before it began', async () => {
    const { session } = await fedSession()
    const cancelled = session.execute('show x', { ...options, signal: AbortSignal.abort() })
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED', sent: 'no' })
    expect(session.isOpen).toBe(true)
  })

  test('is lost when the device closes it in the middle of a command', async () => {
    const { transport, session } = await fedSession()
    const lost = session.execute('show x', options)
    await transport.feed('show x\r\nhalf of')
    transport.hangUp()
    await expect(lost).rejects.toMatchObject({ code: 'SESSION_LOST', sent: 'yes' })
    expect(await session.ended).toMatchObject({ by: 'device', error: { code: 'SESSION_LOST' } })
    expect(session.isOpen).toBe(false)
  })

  test('that is closed right behind a whole answer gives that answer', async () => {
    const { transport, session } = await fedSession()
    const output = text(session.execute('show x', options))
    transport.feedAtOnce('show x\r\nx\r\nr1#')
    transport.hangUp()
    expect(await output).toBe('x')
    expect(await session.ended).toMatchObject({ by: 'device' })
  })

  test('runs one command at a time', async () => {
    const { transport, session } = await fedSession()
    const first = text(session.execute('show x', options))
    await expect(session.execute('show y', options)).rejects.toMatchObject({ code: 'INTERNAL' })
    await transport.feed('show x\r\nx\r\nr1#')
    expect(await first).toBe('x')
  })

  test('returns to where commands are executed when a command left that', async () => {
    const { transport, session } = await fedSession()
    const output = text(session.execute('configure terminal', options))
    await transport.feed('configure terminal\r\nEnter lines.\r\nr1(config)#')
    await transport.sent(3)
    expect(transport.written.at(-1)).toBe('end\n')
    await transport.feed('end\r\nr1#')
    expect(await output).toBe('Enter lines.')
    expect(session.isOpen).toBe(true)
  })

  test('ends when a command took its privileges away', async () => {
    const { transport, session } = await fedSession()
    const output = text(session.execute('disable', options))
    await transport.feed('disable\r\nr1>')
    expect(await output).toBe('')
    expect(session.isOpen).toBe(false)
    expect(await session.ended).toEqual({ by: 'us' })
  })

  test('may be closed and destroyed again and again', async () => {
    const { session } = await fedSession()
    await Promise.all([session.close(), session.close()])
    session.destroy()
    await session.close()
    expect(await session.ended).toEqual({ by: 'us' })
  })

  test('that is closed ends the command that runs', async () => {
    const { session } = await fedSession()
    const lost = failureOf(session.execute('show x', options))
    await session.close()
    expect(await lost).toMatchObject({
      code: 'SESSION_LOST',
      sent: 'yes',
    })
  })
})
