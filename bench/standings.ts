import type { BrokerClient, ClientEvent } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'

/** When a client came to stand with its broker in some way. */
export interface Standings {
  /** The first time after watching began, on the clock; never, where it does not happen. */
  becomes(event: ClientEvent['event']): Promise<number>
}

export async function watchStandings(client: BrokerClient): Promise<Standings> {
  const moments = new Map<ClientEvent['event'], PromiseWithResolvers<number>>()
  const momentOf = (event: ClientEvent['event']): PromiseWithResolvers<number> => {
    const moment = moments.get(event) ?? Promise.withResolvers<number>()
    moments.set(event, moment)
    return moment
  }
  const events = client.events()
  // How it stands already.
  await events.next()
  void (async () => {
    for await (const { event } of events) momentOf(event).resolve(systemClock.now())
  })()
  return { becomes: (event) => momentOf(event).promise }
}
