/**
 * Simulated routers: real SSH servers with an IOS-XE command line on loopback, and a log of their own
 * that bears witness to what really reached them.
 *
 *   simulator        several devices and their testbed
 *   testbed-file     what the testbed says
 *   device           one SSH server
 *   lines            what is behind its login: who is logged in, and what the log says of it
 *   ssh-connection   from the socket to the shell
 *   terminal         keys in, text out
 *   cli              modes, line editing, one command at a time
 *   answers          what commands answer; `machine` is what they know and change
 *   send-answer      an answer on its way: paging, back-pressure, hash
 *   device-log       the witness
 */
import type { Clock } from '@nac-broker/supervisor'
import { systemClock } from '@nac-broker/supervisor'
import type { SimulatedDevice } from './device.ts'
import { type DeviceLogEntry, openDeviceLog } from './device-log.ts'
import { writeTestbedFile } from './testbed-file.ts'

export interface SimulatorOptions {
  /** Default 4; they are named `sim-1`, `sim-2` and so on. */
  devices?: number
  platform?: 'iosxe'
  /** Before each answer, in milliseconds. Default 5; with 0 no timer is involved. */
  latencyMs?: number
  /** Before the verdict on a password, in milliseconds. Default 0. */
  loginLatencyMs?: number
  /** Shells that a device has at a time. Default 4; one more is told that all lines are in use. */
  maxSessions?: number
  /** A file to append to, JSON lines; or what is called with each entry. */
  deviceLog?: string | ((entry: DeviceLogEntry) => void)
  /** Default `admin`. */
  username?: string
  /** Default `admin`. */
  password?: string
  /** Absent: a login lands at `#`. Present: at `>`, and `enable` asks for it. */
  enablePassword?: string
  /** The address to listen on. Default 127.0.0.1. */
  host?: string
  clock?: Clock
}

export interface Simulator extends AsyncDisposable {
  readonly devices: readonly SimulatedDevice[]
  /**
   * Writes a pyATS testbed, and beside it the known_hosts file that it names, with the host keys of
   * now.
   * @throws {BrokerError} `CONFIG_INVALID`
   */
  writeTestbed(path: string): Promise<void>
  /** Stops the devices. Idempotent. */
  close(): Promise<void>
}

/** @throws {BrokerError} `CONFIG_INVALID` when the device log cannot be opened */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { platform: os = 'iosxe', host = '127.0.0.1' } = options
  const { username = 'admin', password = 'admin', enablePassword } = options
  // With the SSH library behind it, which who only imports this package does without.
  const { SimulatedDevice: Device } = await import('./device.ts')
  const log = openDeviceLog(options.deviceLog)
  const devices = Array.from(
    { length: options.devices ?? 4 },
    (_, i) =>
      new Device({
        name: `sim-${i + 1}`,
        index: i + 1,
        host,
        username,
        password,
        enablePassword,
        latencyMs: options.latencyMs ?? 5,
        loginLatencyMs: options.loginLatencyMs ?? 0,
        maxSessions: options.maxSessions ?? 4,
        log,
        clock: options.clock ?? systemClock,
      }),
  )
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await Promise.all(devices.map((device) => device.stop()))
    log.close()
  }
  const simulator: Simulator = {
    devices,
    writeTestbed: (path) =>
      writeTestbedFile(path, { host, os, username, password, enablePassword, devices }),
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => simulator.close(),
  }
  try {
    await Promise.all(devices.map((device) => device.start()))
    return simulator
  } catch (error) {
    await simulator.close()
    throw error
  }
}
