import {
  BrokerError,
  firstIssue,
  isOperationName,
  type OperationName,
  OPERATIONS,
  type Result,
} from '@nac-broker/protocol'
import { checkpoint, lastCheckpoint } from './checkpoint.ts'
import { configure } from './configure.ts'
import { connect } from './connect.ts'
import { disconnect } from './disconnect.ts'
import { execute } from './execute.ts'
import type { Handler, Request } from './handler.ts'
import { ping } from './ping.ts'
import { status } from './status.ts'
import { subscribe } from './subscribe.ts'

const HANDLERS: { [Name in OperationName]: Handler<Name> } = {
  execute,
  configure,
  connect,
  disconnect,
  checkpoint,
  lastCheckpoint,
  ping,
  status,
  subscribe,
}

/** @throws {BrokerError} `INVALID_REQUEST` for an unknown operation or bad parameters. */
export function perform(
  request: Request,
  operation: string,
  params: unknown,
): Promise<Result<OperationName>> {
  if (!isOperationName(operation)) {
    const known = Object.keys(OPERATIONS).join(', ')
    throw new BrokerError('INVALID_REQUEST', `no operation "${operation}"; there are ${known}`)
  }
  return performOne(operation, request, params)
}

function performOne<Name extends OperationName>(
  operation: Name,
  request: Request,
  params: unknown,
): Promise<Result<Name>> {
  const parsed = OPERATIONS[operation].params.safeParse(params)
  if (!parsed.success) {
    throw new BrokerError('INVALID_REQUEST', `${operation}: ${firstIssue(parsed.error, params)}`)
  }
  return HANDLERS[operation](request, parsed.data as never)
}
