import { expect, it, onTestFinished } from 'vitest'
import { superviseBroker } from '../supervise-broker.ts'
import type { SupervisedBroker } from '../supervised-broker.ts'
import type { Host, Hosted } from './host.ts'
import { processHost } from './process.ts'
import { threadHost } from './thread.ts'

interface Loading {
  host: Host
  readonly loaded: readonly Hosted[]
  /** Resolves when so many brokers have been loaded, started or not. */
  has(count: number): Promise<void>
}

function loading(kind: Host): Loading {
  const loaded: Hosted[] = []
  const waiting: { count: number; resolve: () => void }[] = []
  return {
    loaded,
    host(onMessage) {
      loaded.push(kind(onMessage))
      for (const { count, resolve } of waiting) if (loaded.length >= count) resolve()
      return loaded.at(-1) as Hosted
    },
    has: (count) => new Promise((resolve) => void waiting.push({ count, resolve })),
  }
}

async function supervised({ host }: Loading, crashPolicy: string): Promise<SupervisedBroker> {
  const broker = await superviseBroker({ host, crashPolicy })
  onTestFinished(async () => void (await broker.close()))
  return broker
}

async function untilListening(broker: SupervisedBroker): Promise<number> {
  for await (const event of broker.events())
    if (event.event === 'listening') return event.generation
  throw new Error('the broker was closed')
}

it.each([
  ['thread', threadHost],
  ['process', processHost],
])(
  'the next broker in a %s is loaded before the present one dies, and ends unused with it',
  async (_, kind) => {
    const loads = loading(kind)
    const second = loads.has(2)
    const broker = await supervised(loads, 'restart,abort')
    await second
    const third = loads.has(3)
    const listening = untilListening(broker)
    loads.loaded[0]?.kill()
    expect(await listening).toBe(2)
    expect(loads.loaded).toHaveLength(2)
    await third
    await broker.close()
    await Promise.all(loads.loaded.map(({ exited }) => exited))
  },
)

it('one that has died before it was needed is done without', async () => {
  const loads = loading(threadHost)
  const second = loads.has(2)
  const broker = await supervised(loads, 'restart,abort')
  await second
  loads.loaded[1]?.kill()
  await loads.loaded[1]?.exited
  const listening = untilListening(broker)
  loads.loaded[0]?.kill()
  expect(await listening).toBe(2)
})
