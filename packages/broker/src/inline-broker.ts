import { asBrokerError } from '@nac-broker/protocol'
import { type Broker, type CloseOptions, startBroker } from './broker.ts'
import { BrokerNews } from './broker-news.ts'
import { cancelledStart } from './cancelled-start.ts'
import { environment, type Parts, type SupervisedBroker } from './supervised-broker.ts'
import { BROKER_UNIT } from './unit-change.ts'
import { wasTold } from './was-told.ts'

/** The run's broker on this process's own loop: there is nobody to supervise it. */
export async function startInline(parts: Parts): Promise<SupervisedBroker> {
  const { options, place, store } = parts
  const generation = parts.generation + 1
  const running: { broker?: Broker } = {}
  const news = new BrokerNews(parts, () => running.broker)
  const { units } = news
  units.start(BROKER_UNIT)
  const broker = await startBroker({
    ...options,
    ...(store && { storePath: store.path }),
    socketPath: place.path,
    generation,
  }).catch(async (error: unknown) => {
    units.fail(BROKER_UNIT.name, asBrokerError(error).message)
    await news.end()
    throw error
  })
  running.broker = broker
  const forwarding = (async () => {
    for await (const event of broker.events({ commands: options.commandEvents ?? false }))
      if (!wasTold(event)) news.emit(event)
  })()
  news.emit({ event: 'listening', generation, pid: process.pid, socket: place.path })
  units.tell(BROKER_UNIT.name, 'ready')
  const putAway = async (): Promise<void> => {
    await forwarding
    units.tell(BROKER_UNIT.name, 'stopped')
    await news.end()
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
    events: () => news.stream(),
    tell: (event) => news.tell(event),
    async close(closeOptions?: CloseOptions) {
      units.tell(BROKER_UNIT.name, 'stopping')
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
