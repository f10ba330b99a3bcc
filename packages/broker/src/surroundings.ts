import type { OpenTransport } from '@nac-broker/devices'
import { openRunStore, type RunStore } from '@nac-broker/run-store'
import type { Clock } from '@nac-broker/supervisor'
import { listen } from './listener.ts'
import { defaultSocketPlace, explicitSocketPlace, type SocketPlace } from './socket-path.ts'

/** What a broker has around it: this machine's, or that of a simulation. */
export interface Surroundings {
  /** Where to listen; `given` is the path that the user chose. */
  readonly placeOf: (given: string | undefined, env: NodeJS.ProcessEnv) => Promise<SocketPlace>
  readonly listen: typeof listen
  readonly openStore: (path: string, options: { clock: Clock }) => Promise<RunStore>
  /** Absent: devices are reached as the testbed says. */
  readonly openTransport?: OpenTransport
}

export const MACHINE: Surroundings = {
  placeOf: (given, env) => (given ? explicitSocketPlace(given) : defaultSocketPlace(env)),
  listen,
  openStore: openRunStore,
}
