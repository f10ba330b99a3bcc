/**
 * The pool of device sessions behind a Unix socket.
 *
 *   broker              composition: what `startBroker` puts together and takes apart
 *   options             every setting with its default and range
 *   listener            the socket: bound in private, renamed into place (socket-path, probe-socket)
 *   connection          a client's socket; the first byte picks messagepack-peer or nac-test-peer
 *   operations/         a request's handler, one file each
 *   scheduler           cache, execution under way (flight), or a new one
 *   device-lane         one device: fair-queue, lane-sessions, lane-unit, session-units
 *   pool                all lanes and the limit they share (session-slots)
 *   giving-way          sessions given up for clients with direct connections
 *   output-cache        outputs by device, command and epoch
 *   supervise-broker    brokers one after the other (broker-supervisor, generation, fence, crash-story), in hosts/;
 *                       broker-news tells of them; child-processes of a broker that was killed end after it
 *   broker-feed         what happens, for whoever asks; command-events says what became of each call;
 *                       unit-change says how devices and the broker fare; event-record keeps it all in the run's store
 *
 * One request: connection -> messagepack-peer -> operations/execute -> scheduler -> flight
 * -> device-lane -> a Session of @nac-broker/devices.
 */
export { NO_STATISTICS } from './broker-statistics.ts'
export { type Broker, type CloseOptions, startBroker } from './broker.ts'
export type { BrokerOptions, BrokerSettings } from './options.ts'
export { brokerSettingsSchema } from './options.ts'
export { type Host } from './hosts/host.ts'
export { processHost } from './hosts/process.ts'
export { threadHost } from './hosts/thread.ts'
export { resolveSupervision, superviseBroker } from './supervise-broker.ts'
export type {
  HostName,
  SupervisedBroker,
  SuperviseBrokerOptions,
  SupervisedBrokerEvent,
} from './supervised-broker.ts'
export { BrokerError } from '@nac-broker/protocol'
export { unitChange } from './unit-change.ts'
