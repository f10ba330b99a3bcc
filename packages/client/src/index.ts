/**
 * What a test subprocess uses to reach the run's broker.
 *
 *   client            connect() and the calls
 *   device-commands   the calls as an interface, however devices are reached
 *   open-link         socket and handshake
 *   link              requests and answers on one connection, matched by id
 *
 * One call: client.execute -> link.request -> the socket.
 */
export { BrokerError, type BrokerEvent, type ErrorCode } from '@nac-broker/protocol'
export { BrokerClient, connect } from './client.ts'
export type { ConfigureResult, DeviceCommands, ExecuteResult } from './device-commands.ts'
export type { CallOptions, ConnectOptions, ExecuteOptions } from './options.ts'
