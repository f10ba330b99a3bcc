import { EventFeed, systemClock } from '@nac-broker/supervisor'
import { type CloseOptions, startBroker } from './broker.ts'
import { cancelledStart } from './cancelled-start.ts'
import { EventRecord } from './event-record.ts'
import {
  environment,
  type Parts,
  type SupervisedBroker,
  type SupervisedBrokerEvent,
} from './supervised-broker.ts'

/** The run's broker on this process's own loop: there is nobody to supervise it. */
export async function startInline(parts: Parts): Promise<SupervisedBroker> {
  const { options, place, store } = parts
  const generation = parts.generation + 1
  const broker = await startBroker({
    ...options,
    ...(store && { storePath: store.path }),
    socketPath: place.path,
    generation,
  })
  const feed = new EventFeed<SupervisedBrokerEvent>((count) => ({ event: 'missed', count }))
  const record = new EventRecord(store, options.clock ?? systemClock)
  void (async () => {
    for await (const event of broker.events({ commands: options.commandEvents ?? false })) {
      feed.emit(event)
      record.take(event)
      options.onEvent?.(event)
    }
  })()
  const putAway = async (): Promise<void> => {
    feed.end()
    await record.settled()
    await store?.supervision.end().catch(() => {})
    await store?.close()
    await place.release()
  }
  let gone: Promise<void> | undefined
  const supervised: SupervisedBroker = {
    socketPath: place.path,
    storePath: store?.path ?? null,
    generation,
    // This broker is lost together with whoever could be told.
    lost: new AbortController().signal,
    env: () => environment(parts),
    statistics: () => broker.statistics(),
    status: async () => broker.status(),
    events: () => feed.stream(),
    tell: (event) => broker.tell(event),
    async close(closeOptions?: CloseOptions) {
      const cutOff = await broker.close(closeOptions)
      await (gone ??= putAway())
      return cutOff
    },
    async [Symbol.asyncDispose]() {
      await supervised.close()
    },
  }
  const { signal } = options
  if (signal?.aborted) {
    await supervised.close()
    throw cancelledStart(signal)
  }
  signal?.addEventListener('abort', () => void supervised.close(), { once: true })
  return supervised
}
