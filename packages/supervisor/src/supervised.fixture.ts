import type { Serve, ServeRun } from './supervision.ts'

/** A run of a supervised thing that does nothing of itself: the test says how it ends. */
export interface ControlledRun extends ServeRun {
  crash(error?: unknown): void
  finish(): void
}

/** A supervised thing in the hands of a test; `runs` are all of its runs, oldest first. */
export function controlledServe(): { serve: Serve; runs: ControlledRun[] } {
  const runs: ControlledRun[] = []
  const serve: Serve = (run) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const crash = (error: unknown = new Error(`crash of run ${run.attempt}`)): void => reject(error)
    runs.push({ ...run, crash, finish: resolve })
    return promise
  }
  return { serve, runs }
}

/** A serve that ends cleanly as soon as it is told to. */
export const obedient: Serve = ({ signal }) =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve())
  })

/** A serve that never ends, told or not. */
export const deaf: Serve = () => new Promise(() => {})
