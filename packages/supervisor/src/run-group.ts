import { type Clock, systemClock, type Timer } from './clock.ts'
import { catchSignals, type CaughtSignal } from './process-signals.ts'
import { supervise } from './supervise.ts'
import type { Crash, Serve, SuperviseOptions, SupervisionResult } from './supervision.ts'

export interface MemberSpec {
  name: string
  serve: Serve
  options?: Omit<SuperviseOptions, 'signal' | 'clock'> | undefined
}

export interface RunGroupOptions {
  /** Ends the group: see `runGroup`. */
  signal?: AbortSignal | undefined
  /** Lets SIGTERM and SIGINT of this process end the group as well, instead of the process. */
  installSignals?: boolean | undefined
  /** How long a member may take to end once it was told to, in milliseconds. Default 5 s. */
  graceMs?: number | undefined
  /** How many members run at a time; the next begins when one is done. Default: all. */
  maxParallel?: number | undefined
  clock?: Clock | undefined
}

type Outcome =
  | { readonly status: 'ok'; readonly crashes: readonly Crash[] }
  /** Its supervision was escalated. */
  | {
      readonly status: 'failed'
      readonly because: 'restart-intensity' | 'temporary'
      readonly crashes: readonly Crash[]
    }
  /** It ended because the group did; `failure` is what else went wrong with that. */
  | {
      readonly status: 'cancelled'
      readonly crashes: readonly Crash[]
      readonly failure?: unknown
    }
  | { readonly status: 'never-started' }
  /** It was told to end and had not when the grace was over: it may still be at work. */
  | { readonly status: 'failed-to-stop' }

export type MemberResult = { readonly name: string } & Outcome

export interface GroupResult {
  /** Every member, in the order of the specs. */
  readonly members: readonly MemberResult[]
  /** The first signal of the process that ended the group, where those are installed. */
  readonly caught: CaughtSignal | undefined
}

/**
 * Runs members side by side, each under a supervision of its own: what befalls one never cancels
 * another. When the signal is aborted, members that wait for their turn never start, and those that
 * run are all told to end, the youngest first, and awaited for the grace.
 * Resolves when every member has a result; what one needs to be killed is its `serve`'s to do.
 * @throws {RangeError} when `maxParallel` is below 1.
 */
export async function runGroup(
  specs: readonly MemberSpec[],
  options: RunGroupOptions = {},
): Promise<GroupResult> {
  const { maxParallel = specs.length, clock = systemClock, graceMs = 5_000 } = options
  if (specs.length === 0) return { members: [], caught: undefined }
  if (!(maxParallel >= 1)) {
    throw new RangeError(`runGroup: maxParallel is ${maxParallel}; give it 1 or more`)
  }
  using caught = options.installSignals ? catchSignals() : undefined
  const stop = AbortSignal.any([options.signal, caught?.signal].filter((one) => one !== undefined))
  const running = new Set<AbortController>()
  const endAll = (): void => {
    for (const member of [...running].toReversed()) member.abort(stop.reason)
  }
  stop.addEventListener('abort', endAll)

  const members: MemberResult[] = []
  const waiting = specs.entries()
  const runInTurn = async (): Promise<void> => {
    for (const [index, spec] of waiting) {
      if (stop.aborted) {
        members[index] = { name: spec.name, status: 'never-started' }
        continue
      }
      const controller = new AbortController()
      running.add(controller)
      members[index] = await runMember(spec, { signal: controller.signal, graceMs, clock })
      running.delete(controller)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(maxParallel, specs.length) }, runInTurn))
  } finally {
    stop.removeEventListener('abort', endAll)
  }
  return { members, caught: caught?.first() }
}

/** Resolves when the member's supervision is over, or `graceMs` after its signal was aborted. */
function runMember(
  { name, serve, options }: MemberSpec,
  { signal, graceMs, clock }: { signal: AbortSignal; graceMs: number; clock: Clock },
): Promise<MemberResult> {
  return new Promise((resolve, reject) => {
    let grace: Timer | undefined
    signal.addEventListener('abort', () => {
      grace = clock.startTimer(graceMs, () => resolve({ name, status: 'failed-to-stop' }))
    })
    supervise(name, serve, { ...options, signal, clock })
      .then((result) => resolve({ name, ...outcomeOf(result) }))
      .catch(reject)
      .finally(() => grace?.cancel())
  })
}

function outcomeOf(result: SupervisionResult): Outcome {
  switch (result.status) {
    case 'finished':
      return { ...result, status: 'ok' }
    case 'escalated':
      return { ...result, status: 'failed' }
    case 'cancelled':
      return result
  }
}
