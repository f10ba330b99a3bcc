import type { Handler } from './handler.ts'

export const disconnect: Handler<'disconnect'> = async ({ broker }, { device }) => {
  broker.scheduler.disconnect(device)
  return { disconnected: true }
}
