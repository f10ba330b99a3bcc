import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EventFeed, VirtualClock } from '@nac-broker/supervisor'
import { expect, it, onTestFinished } from 'vitest'
import { NO_STATISTICS } from './broker-statistics.ts'
import type { Host, HostExit } from './hosts/host.ts'
import { superviseBroker } from './supervise-broker.ts'
import type { SupervisedBroker, SupervisedBrokerEvent } from './supervised-broker.ts'

interface Started {
  ready(): void
  crash(): void
  /** From now on it does not answer whether it is alive. */
  stall(): void
}

/** Brokers that do only what the test says, in the order in which they are told to start. */
function scriptedHost(): { host: Host; next: () => Promise<Started> } {
  const starts = new EventFeed<Started>(() => {
    throw new Error('never so many')
  })
  const told = starts.stream()[Symbol.asyncIterator]()
  const host: Host = (onMessage) => {
    const { promise: exited, resolve } = Promise.withResolvers<HostExit>()
    const crash = (): void => resolve({ clean: false, why: 'it was told to' })
    const ready = (): void => onMessage({ type: 'ready', pid: process.pid })
    let stalled = false
    const stall = (): void => void (stalled = true)
    return {
      exited,
      kill: crash,
      post({ type }) {
        if (type === 'stop') resolve({ clean: true })
        if (type === 'start') starts.emit({ crash, ready, stall })
        if (type === 'probe' && !stalled) onMessage({ type: 'alive', statistics: NO_STATISTICS })
      },
    }
  }
  return { host, next: async () => (await told.next()).value as Started }
}

/** A first broker that is ready, and what is there to have others, on a clock that stands still. Ends with the test. */
async function supervised(): Promise<{
  clock: VirtualClock
  broker: SupervisedBroker
  first: Started
  next: () => Promise<Started>
  until: (wanted: SupervisedBrokerEvent['event']) => Promise<SupervisedBrokerEvent>
}> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-supervisor-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const clock = new VirtualClock()
  clock.random = () => 0.5
  const { host, next } = scriptedHost()
  const starting = superviseBroker({ host, clock, socketPath: path.join(directory, 'b.sock') })
  const first = await next()
  first.ready()
  const broker = await starting
  onTestFinished(async () => void (await broker.close()))
  const events = broker.events()[Symbol.asyncIterator]()
  return {
    clock,
    broker,
    first,
    next,
    async until(wanted) {
      for (;;) {
        const { value, done } = await events.next()
        if (done) throw new Error(`it was closed before it was ${wanted}`)
        if (value.event === wanted) return value
      }
    },
  }
}

it('a broker that hangs in its start while clients wait is replaced long before they give up', async () => {
  const { clock, broker, first, next, until } = await supervised()
  first.crash()
  await until('restarting')
  await clock.advance(50)
  await next()
  const hangsSinceMs = clock.now()
  await clock.advance(10_000)
  await until('restarting')
  await clock.advance(100)
  const third = await next()
  third.ready()
  await until('listening')
  expect(clock.now() - hangsSinceMs).toBeLessThan(15_000)
  expect(broker.generation).toBe(3)
})

it.each([
  {
    does: 'starts over',
    after: 'is lost after 30 s of good health',
    healthyMs: 30_500,
    delayMs: 50,
  },
  { does: 'goes on', after: 'has stalled before they were over', healthyMs: 29_300, delayMs: 100 },
])('the backoff $does when a broker $after', async ({ healthyMs, delayMs }) => {
  const { clock, first, next, until } = await supervised()
  first.crash()
  expect(await until('restarting')).toMatchObject({ delayMs: 50 })
  await clock.advance(50)
  const second = await next()
  second.ready()
  await until('listening')
  await clock.advance(healthyMs)
  second.stall()
  await clock.advance(2_000)
  expect(await until('restarting')).toMatchObject({ delayMs })
})
