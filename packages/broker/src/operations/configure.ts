import type { Handler } from './handler.ts'

export const configure: Handler<'configure'> = ({ broker, call }, params) => {
  const { device, lines } = params
  return broker.commands.tell(call, { what: 'configure', device, lines: lines.length }, () =>
    broker.scheduler.configure(call, params),
  )
}
