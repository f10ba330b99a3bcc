import { randomUUID } from 'node:crypto'
import { createConnection } from 'node:net'
import type { Duplex } from 'node:stream'
import type { OpenTransport } from '@nac-broker/devices'
import { openRunStore, type RunStore } from '@nac-broker/run-store'
import type { Clock } from '@nac-broker/supervisor'

/** What a client has around it: this machine's, or that of a simulation. */
export interface Surroundings {
  readonly pid: number
  /** An id that nobody else has. */
  readonly newId: () => string
  /** A socket that emits `connect`, or `error` with the system's code. */
  readonly openSocket: (path: string) => Duplex
  readonly openStore: (path: string, options: { clock: Clock }) => Promise<RunStore>
  /** Absent: devices are reached as the testbed says. */
  readonly openTransport?: OpenTransport
}

export const MACHINE: Surroundings = {
  pid: process.pid,
  newId: randomUUID,
  openSocket: createConnection,
  openStore: openRunStore,
}
