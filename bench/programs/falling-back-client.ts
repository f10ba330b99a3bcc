/**
 * A client whose broker is going to die and have no successor. Ready when that one has answered; told to
 * go, it reads from the device until it has so many answers without a broker, and sends the moments, on
 * the clock, at which it had them.
 */
import { connect } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'
import { requireNonce } from '../nonce.ts'
import { readyUntilTold } from './lifetime.ts'

const [socketPath, testbed, commands, name] = process.argv.slice(2)
const client = await connect({ socketPath, testbed })
requireNonce(await client.execute('sim-1', 'show nonce bench'), 'bench')
await readyUntilTold()

const answeredAtMs: number[] = []
while (answeredAtMs.length < Number(commands)) {
  const word = `${name}-${answeredAtMs.length}`
  const answer = await client.execute('sim-1', `show nonce ${word}`, { cache: false })
  const nowMs = systemClock.now()
  requireNonce(answer, word)
  // The broker may have had an answer under way.
  if (answer.via === 'direct') answeredAtMs.push(nowMs)
}
await client.close()
process.send?.(answeredAtMs)
