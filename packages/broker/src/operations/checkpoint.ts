import { BrokerError } from '@nac-broker/protocol'
import { asStoreError, type Checkpoints } from '@nac-broker/run-store'
import type { BrokerContext } from '../broker-context.ts'
import type { Handler } from './handler.ts'

export const checkpoint: Handler<'checkpoint'> = async ({ broker }, { worker, value }) => {
  await inStore(broker, (checkpoints) => checkpoints.set(worker, value))
  broker.feed.emit({ event: 'checkpoint', worker })
  return { recorded: true }
}

export const lastCheckpoint: Handler<'lastCheckpoint'> = async ({ broker }, { worker }) => {
  const value = await inStore(broker, (checkpoints) => checkpoints.last(worker))
  return value === undefined ? {} : { value }
}

async function inStore<Value>(
  { store }: BrokerContext,
  act: (checkpoints: Checkpoints) => Promise<Value>,
): Promise<Value> {
  if (!store) throw new BrokerError('STORE_UNAVAILABLE', 'the broker has no run store')
  try {
    return await act(store.checkpoints)
  } catch (error) {
    throw asStoreError(error)
  }
}
