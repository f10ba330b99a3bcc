import type { OperationName, Params, Result } from '@nac-broker/protocol'
import type { BrokerContext } from '../broker-context.ts'
import type { Call } from '../call.ts'

/** The connection that a request came on, as far as an operation may touch it. */
interface Peer {
  /** Sends it events from now on; to one that subscribes `again` first how many there have been. */
  subscribe(again: boolean): void
}

export interface Request {
  broker: BrokerContext
  call: Call
  peer: Peer
}

export type Handler<Name extends OperationName> = (
  request: Request,
  params: Params<Name>,
) => Promise<Result<Name>>
