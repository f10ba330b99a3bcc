import type { BrokerClient } from '@nac-broker/client'
import type { Subject } from './compare.ts'
import { requireNonce } from './nonce.ts'

/** Asks once, so that it is in the cache from then on. */
export async function cachedCommand(client: BrokerClient, device = 'sim-1'): Promise<Subject> {
  const known = await client.execute(device, 'show nonce bench')
  requireNonce(known, 'bench')
  return {
    name: 'cached command through the broker',
    async once() {
      const answer = await client.execute(device, 'show nonce bench')
      return () => {
        if (answer.cached && answer.output === known.output) return
        throw new Error(`from the cache came ${JSON.stringify(answer)}`)
      }
    },
  }
}

export function uncachedCommand(client: BrokerClient, device = 'sim-1'): Subject {
  return {
    name: 'uncached command, warm session',
    async once() {
      const answer = await client.execute(device, 'show nonce fresh', { cache: false })
      return () => requireNonce(answer, 'fresh')
    },
  }
}
