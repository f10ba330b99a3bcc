import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EventFeed, VirtualClock } from '@nac-broker/supervisor'
import { expect, it, onTestFinished } from 'vitest'
import type { Host, HostExit } from './hosts/host.ts'
import { superviseBroker } from './supervise-broker.ts'
import type { SupervisedBrokerEvent } from './supervised-broker.ts'

interface Started {
  ready(): void
  crash(): void
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
    return {
      exited,
      kill: crash,
      post({ type }) {
        if (type === 'stop') resolve({ clean: true })
        if (type === 'start') starts.emit({ crash, ready })
      },
    }
  }
  return { host, next: async () => (await told.next()).value as Started }
}

it('a broker that hangs in its start while clients wait is replaced long before they give up', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-start-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const clock = new VirtualClock()
  const { host, next } = scriptedHost()
  const socketPath = path.join(directory, 'b.sock')
  const starting = superviseBroker({ host, clock, socketPath })
  const first = await next()
  first.ready()
  const broker = await starting
  onTestFinished(async () => void (await broker.close()))
  const events = broker.events()[Symbol.asyncIterator]()
  const until = async (wanted: SupervisedBrokerEvent['event']): Promise<void> => {
    for (;;) {
      const { value, done } = await events.next()
      if (done || value.event === wanted) return
    }
  }

  first.crash()
  await until('restarting')
  await clock.advance(100)
  await next()
  const hangsSinceMs = clock.now()
  await clock.advance(10_000)
  await until('restarting')
  await clock.advance(200)
  const third = await next()
  third.ready()
  await until('listening')
  expect(clock.now() - hangsSinceMs).toBeLessThan(15_000)
  expect(broker.generation).toBe(3)
})
