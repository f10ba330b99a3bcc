/**
 * The wire of nac-broker: types, framing and codes. No I/O and no state but a decoder's own.
 *
 *   errors                 BrokerError and the codes
 *   crash-policy           what a client does when its broker is lost
 *   frame                  4-byte length + payload
 *   frame-writer           few system calls for many frames
 *   messagepack            plain MessagePack, checked before it is decoded
 *   first-issue            what a schema found wrong, in words
 *   messages               hello, welcome, request, cancel, response, chunk, event, goodbye
 *   messagepack-dialect    messages <-> frames
 *   nac-test-dialect       the JSON dialect that nac-test's Python client speaks
 *   nearest                what a misspelt word was meant to be
 *   operations/            what a request can ask for, one file each
 *   events                 what a subscriber is told
 *   without-broker         what a run without a broker has lost, in words
 *
 * One request: FrameDecoder -> decodeClientMessage -> OPERATIONS[name].params -> (the broker)
 * -> encodeMessage.
 */
export { type CrashPolicy, DEFAULT_CRASH_POLICY, parseCrashPolicy } from './crash-policy.ts'
export {
  asBrokerError,
  BrokerError,
  type BrokerErrorOptions,
  ERROR_CODES,
  type ErrorCode,
  type Sent,
  type WireError,
} from './errors.ts'
export {
  type BrokerEvent,
  type CommandEvent,
  commandForEvent,
  failureForEvent,
  type DirectEvent,
  directEventSchema,
  eventSchema,
  type GenerationEvent,
  type Outages,
  type PolicyDecision,
  type ToldEvent,
  type UnitChange,
} from './events.ts'
export { type LifecycleEvent, lifecycleEventSchema } from './lifecycle-events.ts'
export type { RunEndEvent, WorkerEvent } from './run-events.ts'
export { firstIssue } from './first-issue.ts'
export { encodeFrame, FrameDecoder, FrameError, MAX_FRAME_BYTES } from './frame.ts'
export { FrameWriter } from './frame-writer.ts'
export {
  decodeBrokerMessage,
  decodeClientMessage,
  encodeChunk,
  encodeMessage,
  isMessagePackDialect,
} from './messagepack-dialect.ts'
export {
  type BrokerMessage,
  CHUNK_BYTES,
  type ClientMessage,
  type Hello,
  PROTOCOL_VERSION,
  type Request,
  type Welcome,
} from './messages.ts'
export {
  decodeNacTestRequest,
  encodeNacTestError,
  encodeNacTestSuccess,
  type NacTestCacheStatus,
  type NacTestRequest,
  type NacTestStatus,
} from './nac-test-dialect.ts'
export { lookalikes, nearest } from './nearest.ts'
export {
  isOperationName,
  OPERATIONS,
  type OperationName,
  type Params,
  type Result,
} from './operations/index.ts'
export type { Json } from './operations/checkpoint.ts'
export type { BrokerStatistics, DeviceStatus, StatusResult } from './operations/status.ts'
export { VERSION } from './version.ts'
export { WITHOUT_BROKER } from './without-broker.ts'
