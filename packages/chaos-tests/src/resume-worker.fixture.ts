/**
 * A worker with a list of items, each a change of its device with a key of its own. It says how far it has
 * come after each, and does not begin again what it has done.
 */
import { BrokerError, connect } from '@nac-broker/client'

const [items = '0', device = 'sim-1'] = process.argv.slice(2)
const { NAC_BROKER_WORKER: worker = '' } = process.env

await using broker = await connect()
const { done } = ((await broker.lastCheckpoint()) ?? { done: [] }) as { done: number[] }
for (let item = 1; item <= Number(items); item++) {
  if (done.includes(item)) continue
  try {
    const line = `write nonce ${worker}.${item}`
    await broker.execute(device, line, { key: `${worker}.${item}` })
  } catch (error) {
    // It was sent and its orchestrator killed: done or not, it is not to be done again.
    if (!(error instanceof BrokerError) || error.code !== 'OUTCOME_UNKNOWN') throw error
  }
  done.push(item)
  await broker.checkpoint({ done })
}
process.stdout.write(`done ${done.join(' ')}\n`)
