/** How a run's connections fared: `health` in `report.json`. Durations are milliseconds. */
export interface HealthReport {
  workers: WorkerHealthReport[]
  devices: DeviceHealthReport[]
  /** Of all answered commands; each step counts what took longer than the step before it. */
  latencyHistogram: { upToMs: number; count: number }[]
  /** The slowest first; at most 20. */
  slowest: { device: string; command: string; worker?: string; ms: number; at: string }[]
  /** How many there were, those that are not in `errors` too. */
  errorCount: number
  /** The first 200. */
  errors: HealthError[]
}

export interface HealthError {
  at: string
  worker?: string
  device?: string
  /** What was asked of the device; absent where it is not about a request. */
  command?: string
  code: string
  /** The cause, in one line. */
  message: string
}

export interface WorkerHealthReport {
  name: string
  /** How often its clients lost their broker. */
  disconnects: number
  /** How often they found the next one. */
  reconnects: number
  /** For how long they had none. */
  downtimeMs: number
  /**
   * Signs of life that they asked a broker for, lost later, and did not get in time. Only clients and brokers
   * have such: what watches over a device's session is its keepalives, and one that fails is a disconnect.
   */
  heartbeatsMissed: number
  /** How often a command was sent again, to the next broker or on the next session. */
  retries: number
  commands: number
  fromCache: number
  /** Commands for which it went to the device itself. */
  direct: number
  /** Requests that failed, but for those that were cancelled. */
  errors: number
  /** Of its answered commands, as the broker sees it; absent where there are none. */
  latencyMs?: Percentiles
}

export interface DeviceHealthReport {
  name: string
  /** How often the device, or the network, ended a session. */
  disconnects: number
  /** How often a session was opened in the place of such a one. */
  reconnects: number
  /** From the end of its last session to the next login, or to the last attempt at one. */
  downtimeMs: number
  loginFailures: number
  /** How often a command was sent again, for whichever client. */
  retries: number
  /** The newest 1,000. */
  sessions: { openedAt: string; closedAt?: string; by?: string }[]
  commands: number
  errors: number
  /** Of commands that it answered itself; absent where there are none. */
  latencyMs?: Percentiles
}

export interface Percentiles {
  min: number
  median: number
  p95: number
  p99: number
  max: number
  count: number
}
