import { styleText } from 'node:util'
import { commandName } from '../health/command-name.ts'
import type { WorkerActivity } from '../health/health-recorder.ts'
import { duration, roughly } from './duration.ts'
import { count } from './run-text.ts'
import type { ViewedWorker } from './run-view.ts'

type Colour = 'cyan' | 'yellow' | 'red' | 'green' | 'dim'

/** What the view says of one worker. */
export interface WorkerRow {
  name: string
  state: string
  colour: Colour
  detail: string
}

export function paint(colour: Colour, text: string, { colours }: { colours: boolean }): string {
  return colours ? styleText(colour, text, { validateStream: false }) : text
}

export function rowOf(
  name: string,
  worker: ViewedWorker,
  { nowMs, activity }: { nowMs: number; activity: (worker: string) => WorkerActivity },
): WorkerRow {
  const row = (state: string, colour: Colour, detail = ''): WorkerRow => ({
    name: printable(name),
    state,
    colour,
    detail: printable(detail),
  })
  switch (worker.state) {
    case 'waiting':
      return row('waiting', 'dim')
    case 'running': {
      const { attempt, sinceMs } = worker
      const attempts = attempt > 1 ? [`attempt ${attempt}`] : []
      const parts = [duration(nowMs - sinceMs), ...attempts, ...doings(activity(name))]
      return row('running', 'cyan', parts.join(', '))
    }
    case 'retrying': {
      const { attempt, dueMs, reason } = worker
      const due = roughly(Math.max(0, dueMs - nowMs))
      return row('retrying', 'yellow', `attempt ${attempt} in ${due}: ${reason}`)
    }
    case 'ended': {
      const { status, reason, durationMs = 0 } = worker.worker
      const why = reason === undefined ? '' : `: ${reason}`
      const colour = status === 'passed' ? 'green' : 'red'
      return row(status, colour, `after ${duration(durationMs)}${why}`)
    }
  }
}

/** How far it has come, and what it has asked of the devices, as far as the broker knows. */
function doings({ checkpoints, commands, last }: WorkerActivity): string[] {
  const reached = checkpoints > 0 ? [count(checkpoints, 'checkpoint')] : []
  if (!last) return reached
  const failed = last.code === undefined ? '' : ` (${last.code})`
  return [...reached, count(commands, 'command'), `${last.device}: ${commandName(last)}${failed}`]
}

/** Names, commands and reasons are other people's words: none of them may move the cursor. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}
