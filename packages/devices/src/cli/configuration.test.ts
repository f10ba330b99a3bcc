import { VirtualClock } from '@nac-broker/supervisor'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../failure.fixture.ts'
import { linux } from '../platforms/linux.ts'
import { fedSession, type FedSession } from './fed-transport.fixture.ts'

const options = { timeoutMs: 10_000 }

/** Answers each line as it comes: what is printed for it, prompt included. */
async function play(
  { transport }: FedSession,
  before: number,
  dialogue: readonly [string, string][],
) {
  for (const [index, [line, reply]] of dialogue.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one line at a time
    await transport.sent(before + index + 1)
    expect(transport.written.at(-1)).toBe(`${line}\n`)
    // oxlint-disable-next-line no-await-in-loop
    await transport.feed(`${line}\r\n${reply}`)
  }
  expect(transport.written).toHaveLength(before + dialogue.length)
}

async function configure(lines: readonly string[], dialogue: readonly [string, string][]) {
  const fed = await fedSession()
  const before = fed.transport.written.length
  const printed = fed.session.configure(lines, options)
  const settled = printed.then(
    (bytes) => ({ printed: bytes.toString(), error: undefined }),
    (error: unknown) => ({ printed: undefined, error: error as Error }),
  )
  await play(fed, before, dialogue)
  return { ...fed, ...(await settled) }
}

describe('configuring', () => {
  test('enters configuration mode, types the lines, and leaves it', async () => {
    const { printed } = await configure(
      ['interface Gi1', ' description to r2'],
      [
        ['configure terminal', 'Enter configuration commands.\r\nr1(config)#'],
        ['interface Gi1', 'r1(config-if)#'],
        [' description to r2', 'r1(config-if)#'],
        ['end', 'r1#'],
      ],
    )
    expect(printed).toBe('')
  })

  test('returns what the device printed in answer to the lines', async () => {
    const { printed } = await configure(
      ['aaa', 'bbb', 'ccc'],
      [
        ['configure terminal', 'r1(config)#'],
        ['aaa', 'first\r\nr1(config)#'],
        ['bbb', 'r1(config)#'],
        ['ccc', 'second\r\nr1(config)#'],
        ['end', 'r1#'],
      ],
    )
    expect(printed).toBe('first\nsecond')
  })

  test('stops at the line that is refused, names it without its secrets, and leaves', async () => {
    const { error, session } = await configure(
      ['hostname r1', 'username u password "hunter2"', 'more'],
      [
        ['configure terminal', 'r1(config)#'],
        ['hostname r1', 'r1(config)#'],
        [
          'username u password "hunter2"',
          '% Invalid input: password <hunter2> at hunt\r\nr1(config)#',
        ],
        ['end', 'r1#'],
      ],
    )
    expect(error).toMatchObject({
      code: 'COMMAND_REJECTED',
      sent: 'yes',
      message:
        'r1: the device refused line 2 of 3 ("username ..."): % Invalid input: ... ... at ...',
    })
    expect(session.isOpen).toBe(true)
  })

  test('repeats nothing of a line of one word, which may be a key', async () => {
    const { error } = await configure(
      ['hunter2'],
      [
        ['configure terminal', 'r1(config)#'],
        ['hunter2', '% Invalid input: hunter2\r\nr1(config)#'],
        ['end', 'r1#'],
      ],
    )
    expect(error?.message).toBe('r1: the device refused line 1 of 1: % Invalid input: ...')
  })

  test('that ends in a question repeats nothing of the line with it', async () => {
    const clock = new VirtualClock()
    const { transport, session } = await fedSession({ clock })
    const before = transport.written.length
    const asked = session.configure(['crypto key hunter2'], { timeoutMs: 1_000 })
    const failed = failureOf(asked)
    await transport.sent(before + 1)
    await transport.feed('configure terminal\r\nr1(config)#')
    await transport.sent(before + 2)
    await transport.feed('crypto key hunter2\r\nReplace the key hunter2? [yes/no]')
    await clock.advance(1_000)
    expect(await failed).toMatchObject({
      code: 'COMMAND_TIMEOUT',
      message: expect.stringContaining('it asks "Replace the ... ... [yes/no]"') as string,
    })
  })

  test('that is not allowed sends none of the lines', async () => {
    const { error, session } = await configure(
      ['hostname r2'],
      [['configure terminal', '% Authorization failed.\r\nr1#']],
    )
    expect(error).toMatchObject({ code: 'COMMAND_REJECTED' })
    expect(error?.message).toContain('refused to enter configuration mode')
    expect(session.isOpen).toBe(true)
  })

  test('does not execute what was to be configured once a line has left the mode', async () => {
    const { error } = await configure(
      ['end', 'reload'],
      [
        ['configure terminal', 'r1(config)#'],
        ['end', 'r1#'],
      ],
    )
    expect(error).toMatchObject({ code: 'COMMAND_REJECTED' })
    expect(error?.message).toContain('left configuration mode before line 2 of 2')
  })

  test('may give the device another name', async () => {
    const name = 'a-rather-long-name-for-a-router'
    const fed = await configure(
      [`hostname ${name}`, 'ip routing'],
      [
        ['configure terminal', 'r1(config)#'],
        [`hostname ${name}`, `${name.slice(0, 20)}(config)#`],
        ['ip routing', `${name.slice(0, 20)}(config)#`],
        ['end', `${name}#`],
      ],
    )
    expect(fed.printed).toBe('')
    const output = fed.session.execute('show x', options)
    await fed.transport.feed('show x\r\nr1#', `\r\n${name}#`)
    expect((await output).toString()).toBe('r1#')
  })

  test('is refused where there is no configuration mode', async () => {
    const { session } = await fedSession({
      prompt: 'u@h:~$ ',
      platform: { ...linux, configure: undefined as never, disablePaging: ['quiet'] },
    })
    await expect(session.configure(['x'], options)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      sent: 'no',
    })
    expect(session.isOpen).toBe(true)
  })
})
