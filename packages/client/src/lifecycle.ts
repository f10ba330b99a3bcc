import type { BrokerError, LifecycleEvent } from '@nac-broker/protocol'
import type { DirectCommands } from './device-commands.ts'
import type { ClientEvent } from './events.ts'
import type { BrokerLink } from './link.ts'

/** Where a client stands. Each state has what there is in it, and nothing else. */
export type LifecycleState =
  /** Before the first welcome. */
  | { kind: 'connecting' }
  | { kind: 'ready'; link: BrokerLink }
  /** Nothing was heard for a while; calls are still sent. */
  | { kind: 'suspect'; link: BrokerLink; silentMs: number }
  /** The broker is gone, and what to do about it is being decided or prepared. */
  | { kind: 'lost'; error: BrokerError }
  | { kind: 'reconnecting'; error: BrokerError }
  /** For the rest of the client's life. */
  | { kind: 'direct'; commands: DirectCommands; warning: string }
  | { kind: 'aborted'; error: BrokerError }
  /** By the caller, or because the broker has shut down as planned. */
  | { kind: 'closed'; error: BrokerError }

export type Happening =
  | { what: 'welcome'; link: BrokerLink }
  | { what: 'silence'; silentMs: number }
  | { what: 'heard' }
  | { what: 'loss'; error: BrokerError }
  | { what: 'retry' }
  | { what: 'fallback'; commands: DirectCommands; warning: string }
  | { what: 'abort'; error: BrokerError }
  | { what: 'close'; error: BrokerError }

/** The state after it; undefined for what is of no consequence in this state. */
function transition(state: LifecycleState, now: Happening): LifecycleState | undefined {
  switch (now.what) {
    case 'welcome':
      if (!isOneOf(state, 'connecting', 'reconnecting')) return undefined
      return { kind: 'ready', link: now.link }
    case 'silence':
      if (!isOneOf(state, 'ready')) return undefined
      return { kind: 'suspect', link: state.link, silentMs: now.silentMs }
    case 'heard':
      return isOneOf(state, 'suspect') ? { kind: 'ready', link: state.link } : undefined
    case 'loss':
      return isOneOf(state, 'ready', 'suspect') ? { kind: 'lost', error: now.error } : undefined
    case 'retry':
      return isOneOf(state, 'lost') ? { kind: 'reconnecting', error: state.error } : undefined
    case 'fallback':
      if (!isWithoutBroker(state)) return undefined
      return { kind: 'direct', commands: now.commands, warning: now.warning }
    case 'abort':
      return isWithoutBroker(state) ? { kind: 'aborted', error: now.error } : undefined
    case 'close':
      return isOneOf(state, 'closed') ? undefined : { kind: 'closed', error: now.error }
  }
}

type Kind = LifecycleState['kind']

function isOneOf<Kinds extends Kind>(
  state: LifecycleState,
  ...kinds: readonly Kinds[]
): state is Extract<LifecycleState, { kind: Kinds }> {
  return kinds.some((kind) => kind === state.kind)
}

/** Neither with a broker nor done with brokers: calls wait. */
function isWithoutBroker(
  state: LifecycleState,
): state is Extract<LifecycleState, { kind: 'connecting' | 'lost' | 'reconnecting' }> {
  return isOneOf(state, 'connecting', 'lost', 'reconnecting')
}

/** The state, who is told of its changes, and who waits for one. */
export class Lifecycle {
  readonly #emit: (event: ClientEvent) => void
  readonly #aborted = new AbortController()
  #state: LifecycleState = { kind: 'connecting' }
  #settled = Promise.withResolvers<void>()

  constructor(emit: (event: ClientEvent) => void) {
    this.#emit = emit
  }

  get state(): LifecycleState {
    return this.#state
  }

  /** Aborted, with the error that every call gets, when the crash policy has ended in `abort`. */
  get lost(): AbortSignal {
    return this.#aborted.signal
  }

  /** False when it was of no consequence: the state is not the one any more that it was meant for. */
  apply(now: Happening): boolean {
    const before = this.#state
    const next = transition(before, now)
    if (!next) return false
    this.#state = next
    if (!isWithoutBroker(next)) this.#settled.resolve()
    else if (!isWithoutBroker(before)) this.#settled = Promise.withResolvers()
    this.#emit(eventOf(next))
    if (next.kind === 'aborted') this.#aborted.abort(next.error)
    return true
  }

  /** Resolves as soon as calls are answered, or refused for good. */
  whenSettled(): Promise<void> {
    return this.#settled.promise
  }
}

/** What is told when this state is entered. */
export function eventOf(state: LifecycleState): LifecycleEvent {
  switch (state.kind) {
    case 'connecting':
    case 'reconnecting':
      return { event: state.kind }
    case 'ready':
      return { event: 'ready', generation: state.link.welcome.generation }
    case 'suspect':
      return { event: 'suspect', silentMs: state.silentMs }
    case 'direct':
      return { event: 'direct', warning: state.warning }
    case 'lost':
    case 'aborted':
    case 'closed':
      return { event: state.kind, code: state.error.code, message: state.error.message }
  }
}
