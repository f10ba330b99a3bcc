import type { RunEvent } from '../run-options.ts'
import { canBeLive, printLine, streamLine } from './output.ts'
import { notReadyLines, readyLine } from './preflight-text.ts'
import {
  brokerLine,
  closingLines,
  count,
  retryLine,
  startOf,
  statusServerLine,
  stoppingLine,
  workerLine,
} from './run-text.ts'

export interface RunOutput extends Disposable {
  onEvent: (event: RunEvent) => void
  /** Absent where nobody wants to see what the workers print. */
  onLine?: (worker: string, line: string) => void | Promise<void>
  /** Prints what is logged, where it must not be written over what is shown. */
  onLog?: (text: string) => void
}

/**
 * What a run prints: a live view on a terminal, else a line for whatever happens; or nothing. `signal` is
 * the one that stops the run.
 */
export async function runOutput(
  flags: { quiet?: boolean; verbose?: boolean },
  signal: AbortSignal,
): Promise<RunOutput> {
  if (flags.quiet) return { onEvent() {}, [Symbol.dispose]() {} }
  if (flags.verbose) {
    return { ...lines(signal), onLine: (worker, line) => streamLine(`[${worker}] ${line}`) }
  }
  if (!canBeLive()) return lines(signal)
  const { liveOutput } = await import('./live-output.ts')
  return liveOutput(signal)
}

function lines(signal: AbortSignal): RunOutput {
  const onStop = (): void => printLine(stoppingLine(signal.reason))
  signal.addEventListener('abort', onStop, { once: true })
  let reportDir = ''
  const onEvent = (event: RunEvent): void => {
    switch (event.event) {
      case 'status-server':
        return printLine(statusServerLine(event.url))
      case 'preflight':
      case 'device-looked-at':
        return
      case 'preflight-ended':
        for (const line of notReadyLines(event.report)) printLine(line)
        return printLine(`preflight: ${readyLine(event.report)}`)
      case 'started':
        reportDir = event.reportDir
        return printLine(`${count(event.workers, 'worker')}, broker at ${event.socketPath}`)
      case 'worker-started':
        return printLine(`${event.worker}: ${startOf(event.attempt)}`)
      case 'worker-retrying':
        return printLine(retryLine(event))
      case 'broker': {
        const line = brokerLine(event.turn)
        if (line !== undefined) printLine(line)
        return
      }
      case 'worker-ended':
        return printLine(workerLine(event.worker, reportDir))
      case 'finished':
        for (const line of closingLines(event.report, event.reportFile)) printLine(line)
    }
  }
  return { onEvent, [Symbol.dispose]: () => signal.removeEventListener('abort', onStop) }
}
