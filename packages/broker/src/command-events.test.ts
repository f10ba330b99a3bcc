import { BrokerError, type BrokerEvent } from '@nac-broker/protocol'
import { VirtualClock } from '@nac-broker/supervisor'
import { beforeEach, describe, expect, it } from 'vitest'
import { BrokerFeed } from './broker-feed.ts'
import { Call } from './call.ts'
import { CommandEvents } from './command-events.ts'

const SHOW = { what: 'execute', device: 'r1', command: 'show version' } as const

let clock: VirtualClock
let feed: BrokerFeed
let commands: CommandEvents
let told: BrokerEvent[]

beforeEach(() => {
  clock = new VirtualClock()
  feed = new BrokerFeed(clock)
  commands = new CommandEvents(feed, clock, (_, text) => text.replace('hunter2', '***'))
  told = []
})

function listen(): void {
  feed.all.subscribe((event) => told.push(event))
}

function callOf(worker?: string, attempt?: number): Call {
  return new Call({ client: 7, worker }, Infinity, attempt)
}

describe('a command', () => {
  it('is told with how long it took, to whom and how often it was sent', async () => {
    listen()
    const call = callOf('w', 2)
    await commands.tell(call, SHOW, async () => {
      await clock.advance(40)
      call.attempts++
    })
    await clock.advance(100)
    const how = { via: 'broker', from: 'device', attempts: 3, ms: 40 }
    expect(told).toEqual([{ event: 'command', client: 7, worker: 'w', ...SHOW, ...how }])
  })

  it('that failed is told with the cause in one line, and without the passwords in it', async () => {
    listen()
    const refused = new BrokerError('COMMAND_REJECTED', 'r1 said:\r\n% Invalid password hunter2')
    const asked = { what: 'configure', device: 'r1', lines: 2 } as const
    const act = (): Promise<void> => Promise.reject(refused)
    await expect(commands.tell(callOf(), asked, act)).rejects.toBe(refused)
    await clock.advance(100)
    const failure = { code: 'COMMAND_REJECTED', message: 'r1 said: % Invalid password ***' }
    expect(told).toMatchObject([{ ...asked, ...failure }])
  })

  it('that failed for a reason of its own is told with that, at most so much of it', async () => {
    listen()
    const act = (): Promise<void> => Promise.reject(new TypeError('x'.repeat(501)))
    await expect(commands.tell(callOf(), SHOW, act)).rejects.toThrow(TypeError)
    await clock.advance(100)
    expect(told).toMatchObject([{ code: 'INTERNAL', message: `${'x'.repeat(499)}…` }])
  })

  it('that names a password is told without it, even where it would be cut in half', async () => {
    listen()
    const command = `${'x'.repeat(495)} hunter2`
    await commands.tell(callOf(), { ...SHOW, command }, async () => {})
    await clock.advance(100)
    expect(told).toMatchObject([{ command: `${'x'.repeat(495)} ***` }])
  })

  it('of great length is cut off', async () => {
    listen()
    await commands.tell(callOf(), { ...SHOW, command: 'x'.repeat(501) }, async () => {})
    await clock.advance(100)
    expect(told).toMatchObject([{ command: `${'x'.repeat(499)}…` }])
  })

  it('waits for others, but is told before whatever else happens after it', async () => {
    listen()
    await commands.tell(callOf(), SHOW, async () => {})
    await commands.tell(callOf(), SHOW, async () => {})
    expect(told).toEqual([])
    feed.emit({ event: 'draining' })
    expect(told.map(({ event }) => event)).toEqual(['command', 'command', 'draining'])
  })

  it('is told to nobody who did not ask for commands, and then needs no timer', async () => {
    const others: BrokerEvent[] = []
    feed.withoutCommands.subscribe((event) => others.push(event))
    await commands.tell(callOf('w'), SHOW, async () => {})
    listen()
    await clock.advance(5_000)
    expect([...others, ...told]).toEqual([])
  })

  it('that ends after the feed is not told', async () => {
    listen()
    const end = Promise.withResolvers<void>()
    const telling = commands.tell(callOf(), SHOW, () => end.promise)
    commands.end()
    feed.end()
    end.resolve()
    await telling
    await clock.advance(5_000)
    expect(told).toEqual([])
  })
})

describe('a worker that waits', () => {
  it('is named after each second, once, for as long as it does', async () => {
    listen()
    const end = Promise.withResolvers<void>()
    const calls = [callOf('slow'), callOf('slow'), callOf()]
    const telling = calls.map((call) => commands.tell(call, SHOW, () => end.promise))
    await clock.advance(2_000)
    const named = { event: 'waiting', workers: ['slow'] }
    expect(told).toEqual([named, named])
    end.resolve()
    await Promise.all(telling)
    told.length = 0
    await clock.advance(5_000)
    expect(told.map(({ event }) => event)).toEqual(['command', 'command', 'command'])
  })

  it('for less than a second is not named', async () => {
    listen()
    await commands.tell(callOf('quick'), SHOW, () => clock.advance(900))
    const end = Promise.withResolvers<void>()
    const telling = commands.tell(callOf('quick'), SHOW, () => end.promise)
    await clock.advance(200)
    expect(told.map(({ event }) => event)).toEqual(['command'])
    end.resolve()
    await telling
  })
})
