import type { Handler } from './handler.ts'

export const configure: Handler<'configure'> = ({ broker, call }, params) =>
  broker.scheduler.configure(call, params)
