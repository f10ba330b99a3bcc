import {
  checkpointParams,
  checkpointResult,
  lastCheckpointParams,
  lastCheckpointResult,
} from './checkpoint.ts'
import { configureParams, configureResult } from './configure.ts'
import { connectParams, connectResult } from './connect.ts'
import { disconnectParams, disconnectResult } from './disconnect.ts'
import { executeParams, executeResult } from './execute.ts'
import { pingParams, pingResult } from './ping.ts'
import { statusParams, statusResult } from './status.ts'
import { subscribeParams, subscribeResult } from './subscribe.ts'
import type { z } from 'zod'

/** Every operation a client can request, with the shapes of what it sends and gets. */
export const OPERATIONS = {
  execute: { params: executeParams, result: executeResult },
  configure: { params: configureParams, result: configureResult },
  connect: { params: connectParams, result: connectResult },
  disconnect: { params: disconnectParams, result: disconnectResult },
  checkpoint: { params: checkpointParams, result: checkpointResult },
  lastCheckpoint: { params: lastCheckpointParams, result: lastCheckpointResult },
  ping: { params: pingParams, result: pingResult },
  status: { params: statusParams, result: statusResult },
  subscribe: { params: subscribeParams, result: subscribeResult },
} as const

export type OperationName = keyof typeof OPERATIONS
export type Params<Name extends OperationName> = z.infer<(typeof OPERATIONS)[Name]['params']>
export type Result<Name extends OperationName> = z.infer<(typeof OPERATIONS)[Name]['result']>

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name)
}
