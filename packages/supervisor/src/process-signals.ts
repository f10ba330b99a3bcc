const CAUGHT = ['SIGTERM', 'SIGINT'] as const

export type CaughtSignal = (typeof CAUGHT)[number]

export interface SignalCatch extends Disposable {
  /** Aborted by the first of the signals. */
  readonly signal: AbortSignal
  /** Which one that was. */
  first(): CaughtSignal | undefined
}

/**
 * From now on SIGTERM and SIGINT no longer end this process, but abort a signal, until it is disposed
 * of. Only the first counts: a terminal and a package manager above us often send the same one twice.
 */
export function catchSignals(): SignalCatch {
  const controller = new AbortController()
  let first: CaughtSignal | undefined
  const onSignal = (name: NodeJS.Signals): void => {
    first ??= CAUGHT.find((caught) => caught === name)
    controller.abort(new Error(`this process was told to end by ${name}`))
  }
  for (const name of CAUGHT) process.on(name, onSignal)
  return {
    signal: controller.signal,
    first: () => first,
    [Symbol.dispose]() {
      for (const name of CAUGHT) process.off(name, onSignal)
    },
  }
}
