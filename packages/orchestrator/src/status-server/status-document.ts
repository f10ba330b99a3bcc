import type { DeviceStatus, StatusResult, UnitChange } from '@nac-broker/protocol'
import type { GenerationReport, RunReport, WorkerReport } from '../report.ts'

export interface DeviceView extends Omit<DeviceStatus, 'device'> {
  name: string
  /**
   * `idle`: no session, and none wanted. `failed`: it ended its last session or could not be logged in to.
   * `unknown`: no broker answers, and no client that goes there itself has told.
   */
  state: 'idle' | 'connecting' | 'ready' | 'busy' | 'failed' | 'unknown'
  /** Why it failed, and since when. */
  cause?: string
  since?: string
}

export interface WorkerView {
  name: string
  state: 'waiting' | 'running' | 'retrying' | WorkerReport['status']
  /** The one that runs or is to come; absent once it is over, 0 before the first. */
  attempt?: number
  /** How many commands have ended. */
  commands: number
  /** How many checkpoints a broker was told. */
  checkpoints: number
  since?: string
  reason?: string
  durationMs?: number
}

/** Something that the run depends on and watches. */
export interface WatchView {
  name: string
  state: UnitChange['state']
  /** Why it failed. */
  cause?: string
  since: string
}

export interface BrokerView {
  /** `lost`: no broker answers, and another is awaited. `ended`: there will be none. */
  state: 'starting' | 'up' | 'lost' | 'fallback' | 'ended'
  policy: string
  generation: number
  restarts: number
  generations: readonly GenerationReport[]
  /** What it says of itself; absent while none answers. */
  status?: Omit<StatusResult, 'devices'>
}

/** What `GET /status` answers. */
export interface StatusDocument {
  at: string
  /** `id` is that of the workers' NAC_BROKER_RUN_ID; absent where there is just a broker. */
  run: {
    id?: string
    startedAt: string
    state: 'starting' | 'running' | 'finished'
    result?: RunReport['status']
  }
  broker: BrokerView
  devices: DeviceView[]
  workers: WorkerView[]
  /** Those of the config's `watch`. */
  watches: readonly WatchView[]
}
