import { createHash } from 'node:crypto'
import type { BrokerClient } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'
import type { Lab } from './lab.ts'

/** Bytes of a long output. */
export const BULK_BYTES = 20_000_000
export const BULK_COMMAND = `show bulk ${BULK_BYTES}`

/**
 * Has the long output of a logged device executed, and returns a reader of it, that says how long it took, in
 * milliseconds, and throws when it is not byte by byte what the device says it has sent.
 */
export async function bulkReader(
  lab: Lab,
  client: BrokerClient,
): Promise<(options: { cache: boolean }) => Promise<number>> {
  await client.execute('sim-1', BULK_COMMAND)
  const sent = (await lab.log()).find(
    (entry) => entry.event === 'output' && entry.line === BULK_COMMAND,
  )
  if (sent?.event !== 'output') throw new Error('the device says that it has sent no long output')
  return async ({ cache }) => {
    const startedMs = systemClock.now()
    const { output, cached } = await client.execute('sim-1', BULK_COMMAND, { cache })
    const tookMs = systemClock.now() - startedMs
    const sha256 = createHash('sha256').update(output).digest('hex')
    if (cached === cache && output.length === sent.bytes && sha256 === sent.sha256) return tookMs
    throw new Error(`${output.length} bytes came (${sha256}), and the device sent ${sent.sha256}`)
  }
}
