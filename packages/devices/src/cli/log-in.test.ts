import { VirtualClock } from '@nac-broker/supervisor'
import { describe, expect, test } from 'vitest'
import { nxos } from '../platforms/nxos.ts'
import type { Platform } from '../platforms/platform.ts'
import { Secrets } from '../secrets.ts'
import { Cli } from './cli.ts'
import { bytesOf, fedDevice, FedTransport } from './fed-transport.fixture.ts'
import { logIn } from './log-in.ts'

/** A login under way, and how it ended. */
function begin(platform: Partial<Platform> = {}) {
  const clock = new VirtualClock()
  const transport = new FedTransport()
  const cli = new Cli(transport, fedDevice(platform), { secrets: new Secrets(['hunter2']), clock })
  const loggedIn = logIn(cli, () => 'hunter2')
  const outcome = loggedIn.then(
    () => 'logged in',
    (error: unknown) => error as Error,
  )
  return { clock, transport, cli, outcome }
}

describe('the first prompt', () => {
  test('comes after whatever banner', async () => {
    const { transport, outcome } = begin()
    await transport.feed('\r\n****\r\n* r9# unauthorised use is forbidden\r\n', '# \r\n\r\nr1#')
    expect(await outcome).toBe('logged in')
  })

  test('may come in single bytes', async () => {
    const { transport, outcome } = begin()
    await transport.feed(...bytesOf('\r\nWelcome\r\nto r1\r\n\r\nr1#'))
    expect(await outcome).toBe('logged in')
  })

  test('may be taken for one too early: what follows an echo counts', async () => {
    const { transport, cli, outcome } = begin({ disablePaging: ['quiet'] })
    await transport.feed('Lab#')
    await transport.feed('7, all users are watched\r\nquiet\r\nr1#')
    expect(await outcome).toBe('logged in')
    const output = cli.type('show x')
    await transport.feed('show x\r\nLab#', '\r\nr1#')
    expect((await output).toString()).toBe('Lab#')
  })

  test('is asked for once, with a line break, when nothing comes', async () => {
    const { clock, transport, outcome } = begin({ disablePaging: ['quiet'] })
    await transport.feed('Press RETURN to get started!\r\n')
    await clock.advance(2_999)
    expect(transport.written).toEqual([])
    await clock.advance(10_000)
    expect(transport.written).toEqual(['\n'])
    // It comes twice: late, and because it was asked for.
    await transport.feed('\r\nr1#')
    await clock.advance(900)
    expect(transport.written).toEqual(['\n'])
    await transport.feed('\r\nr1#')
    await clock.advance(1_000)
    expect(transport.written).toEqual(['\n', 'quiet\n'])
    await transport.feed('quiet\r\nr1#')
    expect(await outcome).toBe('logged in')
    expect(clock.pending).toBe(0)
  })

  test('is not asked for when there is a question', async () => {
    const { clock, transport, cli, outcome } = begin()
    await transport.feed('\r\nUsername: ')
    await clock.advance(60_000)
    expect(transport.written).toEqual([])
    expect(cli.lastWords).toBe('Username:')
    transport.hangUp()
    expect(await outcome).toMatchObject({ code: 'SESSION_LOST' })
  })

  test('in configuration mode is left behind', async () => {
    const { transport, outcome } = begin()
    await transport.feed('r1(config)#')
    expect(transport.written).toEqual(['end\n'])
    await transport.feed('end\r\nr1#')
    expect(await outcome).toBe('logged in')
  })
})

describe('a device that is full', () => {
  test('is told when it says so and closes', async () => {
    const { transport, outcome } = begin()
    await transport.feed('\r\n% All VTY lines are in use\r\n')
    transport.hangUp()
    expect(await outcome).toMatchObject({
      code: 'SESSION_LIMIT',
      message: 'r1: the device has no session left ("% All VTY lines are in use")',
    })
  })

  test('is told when it says so and falls silent', async () => {
    const { clock, transport, outcome } = begin()
    await transport.feed('% All VTY lines are in use\r\n')
    await clock.advance(1_000)
    expect(await outcome).toMatchObject({ code: 'SESSION_LIMIT' })
  })

  test('is not one whose banner has such words before a prompt', async () => {
    const { transport, outcome } = begin()
    await transport.feed('When all lines are in use, call us\r\n', 'r1#')
    expect(await outcome).toBe('logged in')
  })
})

describe('privileges', () => {
  test('are asked for with the password, which is not echoed', async () => {
    const { transport, outcome } = begin({ disablePaging: ['quiet'] })
    await transport.feed('r1>', 'enable\r\n', 'Password: ', '\r\nr1#')
    expect(transport.written).toEqual(['enable\n', 'hunter2\n', 'quiet\n'])
    await transport.feed('quiet\r\nr1#')
    expect(await outcome).toBe('logged in')
  })

  test('may need no password', async () => {
    const { transport, outcome } = begin()
    await transport.feed('r1>', 'enable\r\nr1#')
    expect(await outcome).toBe('logged in')
    expect(transport.written).toEqual(['enable\n'])
  })

  test('are not asked for where the login has them', async () => {
    const { transport, outcome } = begin({ ...nxos, disablePaging: [] })
    await transport.feed('n9k# ')
    expect(await outcome).toBe('logged in')
    expect(transport.written).toEqual([])
  })

  test.each([
    ['asks again', '\r\nPassword: '],
    ['says so', '\r\n% Access denied\r\n\r\nr1>'],
  ])('that are refused end the login when the device %s', async (_how, reply) => {
    const { transport, outcome, cli } = begin()
    await transport.feed('r1>', 'enable\r\n', 'Password: ', reply)
    const error = await outcome
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', device: 'r1' })
    expect(String(error)).not.toContain('hunter2')
    expect(transport.written).toEqual(['enable\n', 'hunter2\n'])
    expect(cli.level).toBe('login')
  })

  test('leave no trace of a password that the device repeats', async () => {
    const { transport, cli } = begin()
    await transport.feed('r1>', 'enable\r\n', 'Password: ', 'hunter2')
    expect(cli.lastWords).toBe('')
  })
})

describe('whether the device echoes', () => {
  test('is known at once when it does', async () => {
    const { clock, transport, outcome } = begin({ disablePaging: ['one', 'two'] })
    await transport.feed('r1#', 'one\r\nr1#', 'two\r\nr1#')
    expect(await outcome).toBe('logged in')
    expect(clock.pending).toBe(0)
  })

  test('is decided by a silence when it does not', async () => {
    const { clock, transport, outcome } = begin({ disablePaging: ['one', 'two'] })
    await transport.feed('r1#', 'r1#')
    await clock.advance(299)
    expect(transport.written).toEqual(['one\n'])
    await clock.advance(1)
    await transport.sent(2)
    await transport.feed('r1#')
    expect(await outcome).toBe('logged in')
  })

  test('is not decided by a prompt that was on its way before', async () => {
    const { clock, transport, cli, outcome } = begin({ disablePaging: ['one'] })
    await transport.feed('r1#', '\r\nr1#')
    await clock.advance(200)
    await transport.feed('one\r\nr1#')
    expect(await outcome).toBe('logged in')
    const output = cli.type('show x')
    await transport.feed('r1#', 'show x\r\nx\r\nr1#')
    expect((await output).toString()).toBe('x')
  })
})

test('a device that refuses to be paged less is used all the same', async () => {
  const { transport, outcome } = begin({ disablePaging: ['terminal width 0'] })
  await transport.feed('r1#', 'terminal width 0\r\n% Invalid input detected\r\nr1#')
  expect(await outcome).toBe('logged in')
})
