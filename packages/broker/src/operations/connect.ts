import type { Handler } from './handler.ts'

export const connect: Handler<'connect'> = async ({ broker, call }, { device }) => {
  await broker.scheduler.connect(call, device)
  return { connected: true }
}
