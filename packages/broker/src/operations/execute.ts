import type { Handler } from './handler.ts'

export const execute: Handler<'execute'> = ({ broker, call }, params) => {
  const { device, command } = params
  return broker.commands.tell(call, { what: 'execute', device, command }, () =>
    broker.scheduler.execute(call, params),
  )
}
