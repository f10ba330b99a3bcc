import type { Handler } from './handler.ts'

export const connect: Handler<'connect'> = async ({ broker, call }, { device }) => {
  await broker.commands.tell(call, { what: 'connect', device }, () =>
    broker.scheduler.connect(call, device),
  )
  return { connected: true }
}
