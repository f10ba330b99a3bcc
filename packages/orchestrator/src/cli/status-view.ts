import type { ClientEvent } from '@nac-broker/client'
import type { StatusResult, UnitChange } from '@nac-broker/protocol'
import { Board } from '../status-server/board.ts'
import type { DeviceView } from '../status-server/status-document.ts'

/** How many of the last events are kept. */
const KEPT = 50

interface SeenEvent {
  at: Date
  event: ClientEvent
}

/** A worker, or something that is watched, as far as events have told of it. */
interface SeenUnit {
  unit: string
  state: UnitChange['state']
  cause?: string
}

/** What is known of a broker by its status and by what it tells, for who looks at it in a terminal. */
export class StatusView {
  status: StatusResult
  /** What is to be said of the broker itself; undefined while all is well. */
  standing: string | undefined
  readonly #board = new Board([], [])
  readonly #units = new Map<string, SeenUnit>()
  #events: SeenEvent[] = []

  constructor(status: StatusResult) {
    this.status = status
  }

  take(event: ClientEvent, at: Date): void {
    this.standing = standingAfter(event, this.standing)
    switch (event.event) {
      case 'command':
      case 'waiting':
        // So many that nothing else would be seen.
        return
      case 'unit': {
        const { unit, state, cause } = event
        this.#board.take(event, at.toISOString())
        if (event.kind === 'worker' || event.kind === 'watch')
          this.#units.set(unit, { unit, state, ...(cause !== undefined && { cause }) })
        break
      }
      default:
    }
    this.#events = [...this.#events, { at, event }].slice(-KEPT)
  }

  get devices(): readonly DeviceView[] {
    return this.#board.devices(this.status)
  }

  get units(): readonly SeenUnit[] {
    return [...this.#units.values()]
  }

  /** The oldest first. */
  lastEvents(most: number): readonly SeenEvent[] {
    return most > 0 ? this.#events.slice(-most) : []
  }
}

function standingAfter(event: ClientEvent, before: string | undefined): string | undefined {
  switch (event.event) {
    case 'ready':
      return undefined
    case 'suspect':
      return `the broker has said nothing for ${(event.silentMs / 1000).toFixed(1)} s`
    case 'lost':
      return `the broker is gone (${event.message}); waiting for the next one`
    case 'aborted':
    case 'closed':
      return `the broker is gone: ${event.message}`
    default:
      return before
  }
}
