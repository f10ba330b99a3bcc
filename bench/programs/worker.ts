/** A worker of a run: reads so many things from its device. */
import { connect } from '@nac-broker/client'
import { requireNonce } from '../nonce.ts'

const [device = '', commands = '1'] = process.argv.slice(2)
const { NAC_BROKER_WORKER: name = '' } = process.env
await using client = await connect({ connectTimeoutMs: 60_000 })
for (let i = 1; i <= Number(commands); i++) {
  const word = `${name}-${i}`
  requireNonce(await client.execute(device, `show nonce ${word}`, { cache: false }), word)
}
