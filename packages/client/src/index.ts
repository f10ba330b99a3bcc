/**
 * What a test subprocess uses to reach the run's devices, whatever becomes of its broker.
 *
 *   connect           connect(): puts it all together
 *   client            the calls
 *   call              one call: its limits, and what has come of it so far
 *   device-commands   what can be done with devices, however they are reached
 *     policies/         abort, restart, fallback: decorators over it that chain
 *     broker-commands   through the broker
 *     direct/           without one, within the slots and records of the run's store
 *   checkpoints       how far the worker has come, with a broker or without
 *   connection        links to whichever broker the run has; heartbeat, crash policy
 *     broker-search     tries again until there is one
 *     given-up-word     whether another one will follow, as the run's store says
 *     lifecycle         where the client stands: one union, one transition function
 *     open-link         socket and handshake
 *     link              requests and answers on one connection, matched by id
 *
 * One call: client.execute -> policies -> broker-commands -> link.request -> the socket.
 */
export { BrokerError, type BrokerEvent, type ErrorCode } from '@nac-broker/protocol'
export type { BrokerClient } from './client.ts'
export { connect } from './connect.ts'
export { connectTimeoutOf } from './connect-timeout.ts'
export type { LifecycleEvent } from '@nac-broker/protocol'
export type { ClientEvent } from './events.ts'
export type { CallOptions, ChangeOptions, ConnectOptions, ExecuteOptions } from './options.ts'
export type { ConfigureResult, ExecuteResult } from './results.ts'
