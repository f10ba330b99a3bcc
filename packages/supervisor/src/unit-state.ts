/** Where a unit is in its life. Only a failed one has a cause. */
export type UnitState =
  | { readonly state: LiveState | 'stopping' | 'stopped' }
  | { readonly state: 'failed'; readonly cause: string }

/** It is there, or about to be: its death would be a failure. */
export type LiveState = 'starting' | 'ready' | 'busy' | 'idle'

/** What is heard of a unit; `failed` is its death, however that was learnt. */
export type UnitSign =
  | { readonly sign: LiveState | 'stopping' | 'stopped' }
  | { readonly sign: 'failed'; readonly cause: string }

const SERVING = ['ready', 'busy', 'idle'] as const
const LIVE: ReadonlySet<string> = new Set(['starting', ...SERVING])

/** The signs that change something, by state; every other one comes too late, twice, or means nothing. */
const HEEDED: Readonly<Record<UnitState['state'], readonly UnitSign['sign'][]>> = {
  starting: [...SERVING, 'stopping', 'stopped', 'failed'],
  ready: ['busy', 'idle', 'stopping', 'stopped', 'failed'],
  busy: ['idle', 'stopping', 'stopped', 'failed'],
  idle: ['busy', 'stopping', 'stopped', 'failed'],
  stopping: ['stopped', 'failed'],
  stopped: ['starting'],
  failed: ['starting'],
}

export function isLive({ state }: UnitState): boolean {
  return LIVE.has(state)
}

/**
 * The one way from state to state; undefined where the sign changes nothing. The death of a unit that
 * was told to stop is its stop. A unit that is over begins anew or not at all: a late sign of its last
 * life neither revives it nor makes it fail again.
 */
export function transition(from: UnitState, sign: UnitSign): UnitState | undefined {
  if (!HEEDED[from.state].includes(sign.sign)) return undefined
  if (sign.sign !== 'failed') return { state: sign.sign }
  if (from.state === 'stopping') return { state: 'stopped' }
  return { state: 'failed', cause: sign.cause }
}
