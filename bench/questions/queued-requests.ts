import type { BrokerClient } from '@nac-broker/client'
import { startLab } from '../lab.ts'
import { requireNonce } from '../nonce.ts'
import type { Question } from '../question.ts'

const CLIENTS = 10
const DEVICES = 4
const LATENCY_MS = 20

export const queuedRequests: Question = {
  name: 'queued-requests',
  asks: 'What do ten thousand requests cost that wait for slow devices, and whose turn is it?',
  async measure({ quick }) {
    const perClient = quick ? 50 : 1_000
    await using lab = await startLab({ devices: DEVICES, latencyMs: LATENCY_MS })
    const broker = await lab.broker('broker.sock')
    const watcher = await lab.client('broker.sock')
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, () => lab.client('broker.sock')),
    )
    await Promise.all(Array.from({ length: DEVICES }, (_, i) => watcher.connect(`sim-${i + 1}`)))
    const before = await broker.ask('memory')
    const answered = clients.map(() => 0)
    const told = new EventTarget()
    // One after the other: whoever is served in the order of arrival serves the first client alone.
    const queues = clients.map((client, i) =>
      queue(client, i, perClient, () => {
        answered[i] = (answered[i] ?? 0) + 1
        told.dispatchEvent(new Event('answered'))
      }),
    )
    // The rest is cut off at the end.
    for (const each of queues) each.catch(() => {})
    const total = (): number => answered.reduce((sum, each) => sum + each, 0)
    const queued = await untilQueued(watcher, CLIENTS * perClient, total)
    const held = (await broker.ask('memory')) - before

    const counted = answered.slice()
    const wanted = total() + (quick ? 100 : 2_000)
    const enough = new Promise<void>((resolve) => {
      told.addEventListener('answered', () => {
        if (total() >= wanted) resolve()
      })
    })
    await Promise.race([enough, ...queues])
    const served = answered.map((each, i) => each - (counted[i] ?? 0))
    return [
      {
        title: `${queued} requests of ${CLIENTS} clients wait for ${DEVICES} devices of ${LATENCY_MS} ms`,
        unit: 'bytes',
        digits: 0,
        rows: [
          { what: 'held by the broker for each', samples: [held / queued], bar: 'under 2000' },
        ],
      },
      {
        title: 'Answers meanwhile',
        unit: 'answers',
        digits: 0,
        rows: [{ what: 'of each client', samples: served }],
      },
      {
        title: 'How evenly: 1 is the same for all, 0.1 is all for one',
        unit: 'Jain index',
        digits: 3,
        rows: [{ what: 'over the clients', samples: [jainIndex(served)], bar: 'over 0.95' }],
      },
    ]
  },
}

/** Asks for many different things; rejects when one answer is wrong. */
async function queue(
  client: BrokerClient,
  index: number,
  requests: number,
  onAnswer: () => void,
): Promise<void> {
  const ask = async (i: number): Promise<void> => {
    const word = `${index}-${i}`
    const options = { cache: false, timeoutMs: 600_000 }
    const device = `sim-${(i % DEVICES) + 1}`
    requireNonce(await client.execute(device, `show nonce ${word}`, options), word)
    onAnswer()
  }
  await Promise.all(Array.from({ length: requests }, (_, i) => ask(i)))
}

/** Resolves with how many of them wait, when the broker has got them all. */
async function untilQueued(
  watcher: BrokerClient,
  requests: number,
  answered: () => number,
): Promise<number> {
  for (;;) {
    const { devices } = await watcher.status()
    const queued = devices.reduce((sum, device) => sum + device.queued, 0)
    if (queued + answered() + DEVICES >= requests) return queued
  }
}

function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((all, share) => all + share, 0)
  return sum ** 2 / (shares.length * shares.reduce((all, share) => all + share ** 2, 0))
}
