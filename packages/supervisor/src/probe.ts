import { type Clock, systemClock } from './clock.ts'
import { withDeadline } from './deadline.ts'
import type { Watcher } from './failure-detector.ts'

/** What a probe found. One that rejects, or does not answer in time, found nothing: that is unknown. */
export type ProbeAnswer =
  | { readonly alive: true }
  | { readonly alive: false; readonly cause: string }

export interface ProbeOptions {
  /** Looks once. When `signal` is aborted its answer is not wanted any more: it ends what it started. */
  probe: (signal: AbortSignal) => Promise<ProbeAnswer>
  /** From the start of one look to the next, in milliseconds; where a look takes longer, to its end. */
  everyMs: number
  /** How long one look may take, in milliseconds. */
  timeoutMs: number
  /** So many unknown answers in a row are a failure. Default 3. */
  maxUnknown?: number | undefined
  clock?: Clock | undefined
}

/** Watches by looking again and again, for what cannot tell of its death itself. The first look is at once. */
export function probing(options: ProbeOptions): Watcher {
  return (unit) => {
    const over = new AbortController()
    const { everyMs, maxUnknown = 3, clock = systemClock } = options
    const watch = async (): Promise<void> => {
      for (let unknown = 0; !over.signal.aborted;) {
        const startedMs = clock.now()
        const found = await lookOnce(options, over.signal)
        if (over.signal.aborted) return
        if ('why' in found) {
          if (++unknown >= maxUnknown) unit.fail(`${found.why}, ${unknown} times in a row`)
        } else if (found.alive) {
          unknown = 0
          unit.ready()
        } else {
          unit.fail(found.cause)
        }
        await clock.sleep(Math.max(0, startedMs + everyMs - clock.now()), over.signal)
      }
    }
    // A sleep that is cut short rejects: the watching is over then.
    watch().catch(() => {})
    return () => over.abort()
  }
}

/** One look, bounded. Never rejects: `why` it is unknown is an answer too. */
export async function lookOnce(
  { probe, timeoutMs, clock = systemClock }: ProbeOptions,
  signal: AbortSignal,
): Promise<ProbeAnswer | { why: string }> {
  const late = new AbortController()
  try {
    return await withDeadline(probe(AbortSignal.any([signal, late.signal])), {
      ms: timeoutMs,
      onTimeout: () => new Error(`no answer within ${timeoutMs} ms`),
      signal,
      clock,
    })
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  } finally {
    late.abort()
  }
}
