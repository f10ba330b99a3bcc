/**
 * Many clients of one broker that is going to be replaced. Ready when all have an answer of the first
 * one; told to go, each reads from the cache and then from its device through the next one, and the
 * moments at which it had that are sent.
 */
import { connect } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'
import { answerAfterRestart, requireNonce } from '../nonce.ts'
import { readyUntilTold } from './lifetime.ts'

/** On the clock. */
export interface Served {
  cachedAtMs: number
  deviceAtMs: number
}

const [socketPath, clients, devices, name] = process.argv.slice(2)

const waiting = await Promise.all(
  Array.from({ length: Number(clients) }, async (_, i) => {
    const device = `sim-${(i % Number(devices)) + 1}`
    // Many come at once the first time too, and are not measured.
    const client = await connect({ socketPath, connectTimeoutMs: 30_000 })
    const known = await client.execute(device, 'show nonce bench')
    requireNonce(known, 'bench')
    return { client, device, word: `${name}-${i}`, known: known.output }
  }),
)
await readyUntilTold()
process.send?.(await Promise.all(waiting.map(served)))

async function served({ client, device, word, known }: (typeof waiting)[number]): Promise<Served> {
  const { atMs: cachedAtMs } = await answerAfterRestart(client, device, known)
  const answer = await client.execute(device, `show nonce ${word}`, { cache: false })
  const deviceAtMs = systemClock.now()
  requireNonce(answer, word)
  return { cachedAtMs, deviceAtMs }
}
