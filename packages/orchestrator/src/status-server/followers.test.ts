import { VirtualClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { EventSourceClient } from './event-source.fixture.ts'
import { startStatusServer, type StatusServer } from './server.ts'

/** So many of a kilobyte each are far more than sockets hold. */
const EVENTS = 25_000
const AT_ONCE = 1_000
const REASON = 'x'.repeat(1_000)
/** What a TCP connection and the server's own buffer may hold of them. */
const HELD_BYTES = 10_000_000

/** Tells so many, as fast as `reader` reads them. */
async function tell(
  { status }: StatusServer,
  { reader, clock }: { reader: EventSourceClient; clock: VirtualClock },
): Promise<void> {
  for (let told = 0; told < EVENTS; told += AT_ONCE) {
    for (let n = 1; n <= AT_ONCE; n++)
      status.record({
        event: 'worker-retrying',
        worker: 'w',
        attempt: told + n,
        delayMs: 1,
        reason: REASON,
      })
    // oxlint-disable-next-line no-await-in-loop -- what is told together is sent together
    await clock.advance(40)
    const newest = `-${told + AT_ONCE}`
    // oxlint-disable-next-line no-await-in-loop -- it is to miss nothing
    await reader.frame(({ id }) => id?.endsWith(newest) ?? false)
  }
}

/** How many it was told that it has missed. */
function missedBy({ frames }: EventSourceClient): number {
  return frames
    .filter(({ event }) => event === 'missed')
    .reduce((sum, { data }) => sum + (data as { count: number }).count, 0)
}

async function scene() {
  const clock = new VirtualClock()
  const server = await startStatusServer({ port: 0 }, { devices: [], workers: [], clock })
  const reader = await EventSourceClient.open(`${server.url}events`)
  const slow = await EventSourceClient.open(`${server.url}events`)
  await slow.frame(({ event }) => event === 'status')
  slow.response.pause()
  return { clock, server, reader, slow, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

it('who does not read is sent no more than buffers hold, and told what it missed when it reads again', async () => {
  await using parts = await scene()
  const { server, reader, slow } = parts
  await tell(server, parts)
  expect(reader.events).toHaveLength(EVENTS)
  expect(missedBy(reader)).toBe(0)

  slow.response.resume()
  await slow.frame(({ id }) => id?.endsWith(`-${EVENTS}`) ?? false)
  expect(slow.events.length + missedBy(slow)).toBe(EVENTS)
  expect(missedBy(slow)).toBeGreaterThan(0)
  const beforeIt = slow.frames.slice(
    0,
    slow.frames.findIndex(({ event }) => event === 'missed'),
  )
  expect(JSON.stringify(beforeIt).length).toBeLessThan(HELD_BYTES)
})

it('who has not read for 30 s is cut off, and told what it missed when it comes back', async () => {
  await using parts = await scene()
  const { server, slow, clock } = parts
  await tell(server, parts)
  expect(server.status.followers.size).toBe(2)
  await clock.advance(30_000)
  const closed = new Promise((resolve) => void slow.response.once('close', resolve))
  slow.response.resume()
  await closed
  expect(server.status.followers.size).toBe(1)

  const seen = { 'Last-Event-ID': slow.lastEventId ?? '' }
  using again = await EventSourceClient.open(`${server.url}events`, seen)
  await again.frame(({ id }) => id?.endsWith(`-${EVENTS}`) ?? false)
  expect(missedBy(again)).toBeGreaterThan(0)
  expect(slow.events.length + missedBy(again) + again.events.length).toBe(EVENTS)
})

it('many are written to in turns: each has all that happened, in order, before the next is told', async () => {
  const clock = new VirtualClock()
  await using server = await startStatusServer({ port: 0 }, { devices: [], workers: [], clock })
  const clients = await Promise.all(
    Array.from({ length: 25 }, () => EventSourceClient.open(`${server.url}events`)),
  )
  await Promise.all(clients.map((client) => client.frame(({ event }) => event === 'status')))
  for (const attempt of [1, 2, 3]) {
    const retrying = { event: 'worker-retrying', worker: 'w', delayMs: 1, reason: 'x' } as const
    server.status.record({ ...retrying, attempt })
    // oxlint-disable-next-line no-await-in-loop -- what is told together is sent together
    await clock.advance(40)
  }
  // The last turns are over well within the time of a batch.
  await clock.advance(39)
  await Promise.all(clients.map((client) => client.frame(({ id }) => id?.endsWith('-3') ?? false)))
  for (const client of clients)
    expect(client.events.map(({ event }) => event['attempt'])).toEqual([1, 2, 3])
})
