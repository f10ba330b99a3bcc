import type { Handler } from './handler.ts'

export const execute: Handler<'execute'> = ({ broker, call }, params) =>
  broker.scheduler.execute(call, params)
