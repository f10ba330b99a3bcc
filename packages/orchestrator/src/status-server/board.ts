import type { DeviceStatus, StatusResult, UnitChange, WorkerEvent } from '@nac-broker/protocol'
import type { StatusEvent } from './status-event.ts'
import type { WorkerActivity } from '../health/health-recorder.ts'
import type { DeviceView, WatchView, WorkerView } from './status-document.ts'

type Trouble = { since: string; cause: string }

/** What a unit's state is on the board, where there is no broker to say more. */
const DIRECT_STATES: Record<UnitChange['state'], DeviceView['state']> = {
  starting: 'connecting',
  ready: 'ready',
  busy: 'ready',
  idle: 'ready',
  stopping: 'idle',
  stopped: 'idle',
  failed: 'failed',
}

const NO_SESSIONS = { open: 0, busy: 0, opening: 0 }

/** What the events say of devices and workers, beside what the broker knows. */
export class Board {
  /** Devices that have failed, and have neither been logged in to nor given up since. */
  readonly #troubles = new Map<string, Trouble>()
  readonly #workers = new Map<string, Omit<WorkerView, 'name' | 'commands' | 'checkpoints'>>()
  readonly #watches = new Map<string, WatchView>()
  #devices: readonly DeviceStatus[]
  /** What clients tell that go to the devices themselves; undefined until they do. */
  #direct: Map<string, DeviceView['state']> | undefined

  /** Names, in the order in which they are shown. */
  constructor(devices: readonly string[], workers: readonly string[]) {
    for (const name of workers) this.#workers.set(name, { state: 'waiting', attempt: 0 })
    const nothing = { sessions: NO_SESSIONS, queued: 0, cachedOutputs: 0 }
    this.#devices = devices.map((device) => ({ device, ...nothing }))
  }

  /** The other workers passed before the run was resumed. */
  begin(toDo: readonly string[]): void {
    for (const name of this.#workers.keys())
      if (!toDo.includes(name)) this.#workers.set(name, { state: 'passed' })
  }

  take(event: StatusEvent, at: string): void {
    switch (event.event) {
      case 'worker-started':
      case 'worker-retrying':
      case 'worker-ended':
        return void this.#workers.set(event.worker, workerAfter(event, at))
      case 'fallback':
        this.#direct = new Map()
        return
      case 'unit':
        if (event.kind === 'device') this.#takeDevice(event, at)
        if (event.kind === 'watch') this.#takeWatch(event, at)
        return
      default:
    }
  }

  /** `broker` is undefined where none answers: what was known of the devices stays, without sessions. */
  devices(broker: StatusResult | undefined): DeviceView[] {
    if (broker) this.#devices = broker.devices
    return this.#devices.map((device) => {
      const { device: name, sessions, ...known } = device
      const trouble = this.#troubles.get(name)
      const state = broker ? stateOf(device, trouble) : this.#withoutBroker(name)
      return {
        name,
        state,
        ...(state === 'failed' && trouble),
        sessions: broker ? sessions : NO_SESSIONS,
        ...known,
      }
    })
  }

  #withoutBroker(device: string): DeviceView['state'] {
    if (!this.#direct) return 'unknown'
    return this.#troubles.has(device) ? 'failed' : (this.#direct.get(device) ?? 'unknown')
  }

  get watches(): readonly WatchView[] {
    return [...this.#watches.values()]
  }

  workers(activity?: (worker: string) => WorkerActivity): WorkerView[] {
    return [...this.#workers].map(([name, worker]) => {
      const { commands = 0, checkpoints = 0 } = activity?.(name) ?? {}
      return { name, ...worker, commands, checkpoints }
    })
  }

  #takeDevice({ unit, state, cause = '' }: UnitChange, at: string): void {
    const name = unit.replace(/^device /, '')
    this.#direct?.set(name, DIRECT_STATES[state])
    if (state === 'failed') this.#troubles.set(name, { since: at, cause })
    // An attempt to log in says nothing yet.
    else if (state !== 'starting' && state !== 'stopping') this.#troubles.delete(name)
  }

  #takeWatch({ unit, state, cause }: UnitChange, at: string): void {
    const name = unit.replace(/^watch /, '')
    const view = { name, state, ...(cause !== undefined && { cause }), since: at }
    this.#watches.set(name, view)
  }
}

function stateOf({ sessions }: DeviceStatus, trouble: Trouble | undefined): DeviceView['state'] {
  const { open, busy, opening } = sessions
  if (open === 0 && trouble) return 'failed'
  if (busy > 0) return 'busy'
  if (open > 0) return 'ready'
  return opening > 0 ? 'connecting' : 'idle'
}

function workerAfter(
  event: WorkerEvent,
  at: string,
): Omit<WorkerView, 'name' | 'commands' | 'checkpoints'> {
  switch (event.event) {
    case 'worker-started':
      return { state: 'running', attempt: event.attempt, since: at }
    case 'worker-retrying':
      return { state: 'retrying', attempt: event.attempt, since: at, reason: event.reason }
    case 'worker-ended': {
      const { status, reason, durationMs } = event
      return {
        state: status,
        since: at,
        ...(reason !== undefined && { reason }),
        ...(durationMs !== undefined && { durationMs }),
      }
    }
  }
}
