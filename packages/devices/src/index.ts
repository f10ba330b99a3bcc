/**
 * What a device is, and one CLI session on it.
 *
 *   testbed/        pyATS YAML -> devices, with file and line in every error
 *   platforms/      what a network operating system's CLI looks like, as data
 *   transports/     ssh and command: a byte stream to a CLI
 *   session         prompts, echo, commands on a transport
 *   open-session    a testbed's device -> a live session
 *   login-steps     what a login consists of, timed
 *   login-record    how logging in has fared, and when it may be tried again
 *   secrets         its passwords, to be found in what it says
 *   simulator/      devices that are real SSH servers on loopback, with a log of their own
 *
 * One session: loadTestbed -> device() -> openSession -> transports/ssh -> session.execute.
 */
export { assertOneLine } from './command-text.ts'
export { type LoginPause, LoginRecord, refusedMeanwhile } from './login-record.ts'
export { LoginSteps, type LoginStep, type TimedStep } from './login-steps.ts'
export { loadSsh, openSession, type OpenSessionOptions } from './open-session.ts'
export { type Scrub, scrubberOf, Secrets } from './secrets.ts'
export type { Session, SessionEnd } from './session.ts'
export type { DeviceLogEntry } from './simulator/device-log.ts'
export { loginUnderWay } from './slow-login.ts'
export type { Quirk } from './simulator/quirk.ts'
export { startSimulator, type Simulator, type SimulatorOptions } from './simulator/simulator.ts'
export { loadTestbed } from './testbed/load.ts'
export type { Device, HostKeyPolicy, Testbed } from './testbed/testbed.ts'
export type { OpenTransport, Transport, TransportReceiver } from './transports/transport.ts'
export { isConnectionRefused } from './transports/tcp.ts'
