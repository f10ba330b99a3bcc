import { systemClock } from '@nac-broker/supervisor'
import type { RunEvent } from '../run-options.ts'
import { LiveLines } from './live-lines.ts'
import { printLine, printToStderr } from './output.ts'
import type { RunOutput } from './run-output.ts'
import { notReadyLines, readyLine } from './preflight-text.ts'
import { bar, type Progress } from './progress-bar.ts'
import { brokerLine, closingLines, statusServerLine, stoppingLine, troubles } from './run-text.ts'
import { RunView } from './run-view.ts'
import { viewLines } from './view-lines.ts'

/**
 * The workers as they are, until the run is over; then who failed, and how it went. `signal` is the one
 * that stops the run.
 */
export function liveOutput(signal: AbortSignal): RunOutput {
  const colours = process.stderr.hasColors()
  // Told at the end as well: in the view each takes the place of the one before.
  const broker: string[] = []
  let reportDir = ''
  let view: RunView | undefined
  let live: LiveLines | undefined
  let preflight: Progress | undefined
  let looked = 0
  const onEvent = (event: RunEvent): void => {
    switch (event.event) {
      case 'status-server':
        return printLine(statusServerLine(event.url))
      case 'preflight':
        preflight = bar('devices', event.devices)
        return
      case 'device-looked-at':
        return preflight?.update(++looked)
      case 'preflight-ended':
        preflight?.stop()
        for (const line of notReadyLines(event.report)) printLine(line)
        return printLine(`preflight: ${readyLine(event.report)}`)
      case 'started': {
        // It may have been given up.
        preflight?.stop()
        reportDir = event.reportDir
        const watched = new RunView(event, systemClock)
        view = watched
        live = new LiveLines((size) =>
          viewLines(watched, { ...size, colours, nowMs: systemClock.now() }),
        )
        return
      }
      case 'broker': {
        const line = brokerLine(event.turn)
        if (line === undefined) return
        broker.push(line)
        view?.tell(line)
        return
      }
      case 'finished':
        live?.[Symbol.dispose]()
        for (const line of [
          ...broker,
          ...troubles(event.report, reportDir),
          ...closingLines(event.report, event.reportFile),
        ])
          printLine(line)
        return
      default:
        view?.take(event)
    }
  }
  const onLog = (text: string): void => {
    if (live) live.above(() => printToStderr(text))
    else if (preflight) preflight.log(text)
    else printToStderr(text)
  }
  const onStop = (): void => {
    const line = stoppingLine(signal.reason)
    if (view) view.stop(line)
    else onLog(`${line}\n`)
  }
  signal.addEventListener('abort', onStop, { once: true })
  // Ctrl-Z: the shell that is in front then needs a cursor.
  const onSuspend = (): void => {
    live?.yield()
    process.kill(process.pid, 'SIGSTOP')
  }
  process.on('SIGTSTP', onSuspend)
  return {
    onEvent,
    onLog,
    [Symbol.dispose]() {
      process.off('SIGTSTP', onSuspend)
      signal.removeEventListener('abort', onStop)
      if (live) live[Symbol.dispose]()
      else preflight?.stop()
    },
  }
}
