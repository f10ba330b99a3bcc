/**
 * A worker with a list of items, each a change of its device with a key of its own. It says how far it has
 * come after each, and does not begin again what it has done. At the end it prints the same, as JSON.
 */
import { BrokerError, connect } from '@nac-broker/client'

/** Numbers of items. */
export interface Progress {
  done: number[]
  /** Of those nobody can tell whether they were done: they are not to be done again. */
  unknown: number[]
}

const [items = '0', device = 'sim-1'] = process.argv.slice(2)
const { NAC_BROKER_WORKER: worker = '' } = process.env

await using broker = await connect()
const last = (await broker.lastCheckpoint()) as Progress | undefined
const progress = last ?? { done: [], unknown: [] }
for (let item = 1; item <= Number(items); item++) {
  if (progress.done.includes(item) || progress.unknown.includes(item)) continue
  try {
    const line = `write nonce ${worker}.${item}`
    await broker.execute(device, line, { key: `${worker}.${item}` })
    progress.done.push(item)
  } catch (error) {
    // It was sent, and its orchestrator killed before it could be told what became of it.
    if (!(error instanceof BrokerError) || error.code !== 'OUTCOME_UNKNOWN') throw error
    progress.unknown.push(item)
  }
  await broker.checkpoint(progress)
}
process.stdout.write(`${JSON.stringify(progress)}\n`)
