import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, VirtualClock } from '@nac-broker/supervisor'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSession } from '../open-session.ts'
import { Secrets } from '../secrets.ts'
import { iosxe } from '../platforms/iosxe.ts'
import type { Device } from '../testbed/testbed.ts'
import { openCommand } from './command.ts'
import type { Transport } from './transport.ts'

/** A CLI on a pipe, without echo: `show` says what was shown, `fail` says so on stderr and exits. */
const MOCK = `
printf 'Welcome to the mock\\nr1# '
while IFS= read -r line; do
  case "$line" in
    'terminal '*) ;;
    fail) echo 'mock: out of cheese' >&2; exit 3;;
    show*) printf 'you said %s\\n' "$line";;
    *) printf '%% Invalid input detected\\n';;
  esac
  printf 'r1# '
done`

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'command-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

function commandDevice(command: string): Device {
  return {
    name: 'r1',
    platform: iosxe,
    connection: { protocol: 'command', command },
    credentials: {},
    initConfigCommands: [],
  }
}

/** The transport, and the text and the end that it delivers. */
async function open(command: string, clock = systemClock) {
  const transport: Transport = await openCommand({
    device: 'r1',
    command,
    env: { ...process.env, FOLDER: folder },
    within: async (step) => step,
    clock,
    secrets: new Secrets([]),
  })
  let text = ''
  let awaited: { words: string; resolve: () => void } | undefined
  const over = Promise.withResolvers<Error | undefined>()
  transport.start({
    onData: (bytes) => {
      text += bytes.toString()
      if (awaited && text.includes(awaited.words)) awaited.resolve()
    },
    onClose: over.resolve,
  })
  const until = (words: string): Promise<void> =>
    new Promise((resolve) => {
      awaited = { words, resolve }
      if (text.includes(words)) resolve()
    })
  return { transport, over: over.promise, until }
}

/** A process that has ended counts as dead even while nobody has asked for its exit code. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '0 (gone) Z')
  return !/\) [ZX]/.test(status)
}

/** Its pipes are closed a moment before it is dead. */
async function untilDead(pid: number): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- that is the point
  while (await isAlive(pid)) await new Promise<void>((resolve) => void setImmediate(resolve))
}

async function pidIn(file: string): Promise<number> {
  return Number(await readFile(join(folder, file), 'utf8'))
}

describe('a session on a command', () => {
  test('needs neither a terminal nor credentials', async () => {
    const session = await openSession(commandDevice(MOCK))
    const options = { timeoutMs: 10_000 }
    expect((await session.execute('show me', options)).toString()).toBe('you said show me')
    await expect(session.execute('jump', options)).rejects.toMatchObject({
      code: 'COMMAND_REJECTED',
      message: 'r1: the device refused the command: % Invalid input detected',
    })
    expect((await session.execute('show you', options)).toString()).toBe('you said show you')
    await session.close()
    expect(await session.ended).toEqual({ by: 'us' })
  })

  test('is lost with the exit code and the last words of the command', async () => {
    const session = await openSession(commandDevice(MOCK))
    await expect(session.execute('fail', { timeoutMs: 10_000 })).rejects.toMatchObject({
      code: 'SESSION_LOST',
      sent: 'yes',
      message: 'r1: its command exited with code 3: mock: out of cheese',
    })
    expect(await session.ended).toMatchObject({ by: 'device' })
  })

  test('cannot be had from a command that exits at once', async () => {
    const failing = commandDevice("echo 'first' >&2; echo 'no such router' >&2; exit 7")
    await expect(openSession(failing)).rejects.toMatchObject({
      code: 'DEVICE_UNREACHABLE',
      message: 'r1: its command exited with code 7: no such router',
    })
  })

  test('cannot be had from a command that does not exist', async () => {
    await expect(openSession(commandDevice('/no/such/command'))).rejects.toMatchObject({
      code: 'DEVICE_UNREACHABLE',
      message: expect.stringContaining('exited with code 127') as string,
    })
  })

  test('is lost by signal', async () => {
    await expect(openSession(commandDevice('kill -9 $$'))).rejects.toMatchObject({
      code: 'DEVICE_UNREACHABLE',
      message: 'r1: its command was ended by SIGKILL',
    })
  })
})

describe('closing a command', () => {
  test('ends its input and waits for it to exit', async () => {
    const { transport, over } = await open('cat; echo done > $FOLDER/done')
    await transport.close()
    expect(await over).toBeUndefined()
    expect(await readFile(join(folder, 'done'), 'utf8')).toBe('done\n')
  })

  test('sends SIGTERM to all of its group after two seconds', async () => {
    const clock = new VirtualClock()
    const { transport, until, over } = await open(
      'sleep 1000 & echo $! > $FOLDER/pid; echo ready; wait; wait',
      clock,
    )
    await until('ready')
    const closing = transport.close()
    const pid = await pidIn('pid')
    await clock.advance(1_999)
    expect(await isAlive(pid)).toBe(true)
    await clock.advance(1)
    await closing
    expect(await over).toBeUndefined()
    await untilDead(pid)
    expect(clock.pending).toBe(0)
  })

  test('sends SIGKILL to what does not mind that', async () => {
    const clock = new VirtualClock()
    const { transport, until, over } = await open(
      `trap 'echo ouch' TERM; echo ready; while :; do sleep 1000 & wait; done`,
      clock,
    )
    await until('ready')
    const closing = transport.close()
    await clock.advance(2_000)
    await until('ouch')
    await clock.advance(1_000)
    await closing
    expect(await over).toBeUndefined()
  })

  test('takes what it left in the background along', async () => {
    const { transport, until, over } = await open(
      'sleep 1000 & echo $! > $FOLDER/pid; echo ready; cat',
      new VirtualClock(),
    )
    await until('ready')
    const pid = await pidIn('pid')
    await transport.close()
    await untilDead(pid)
    expect(await over).toBeUndefined()
  })
})

test('destroying a command kills it at once, stopped or not', async () => {
  const { transport, over, until } = await open('echo ready; kill -STOP $$; sleep 1000')
  await until('ready')
  transport.destroy()
  transport.destroy()
  expect(await over).toBeUndefined()
})
