import cliTruncate from 'cli-truncate'
import stringWidth from 'string-width'
import type { DeviceView } from '../status-server/status-document.ts'
import { eventLine } from './event-line.ts'
import type { Size } from './live-lines.ts'
import { shortFacts } from './status-text.ts'
import type { StatusView } from './status-view.ts'
import { plainTable } from './table.ts'
import { paint, printable } from './worker-row.ts'

const MOST_EVENTS = 5
/** Fewer rows than that are for devices alone. */
const ROWS_FOR_EVENTS = 16
/** Under the row that it is of. */
const INDENT = '    '

interface Frame extends Size {
  colours: boolean
}

/** A device, a worker or what is watched: its row, and below it why it is so. */
interface Entry {
  lines: readonly string[]
  failed: boolean
}

/**
 * The lines for a terminal of that size, all but the cursor's row at most: how the broker is, its devices,
 * the workers and what is watched as far as events have told of them, and the last events. Where there is
 * no room for all of them what has failed comes first.
 */
export function statusFrame(view: StatusView, frame: Frame): string[] {
  const { columns, rows } = frame
  const room = Math.max(1, rows - 1)
  const standing = view.standing === undefined ? [] : [paint('red', view.standing, frame), '']
  const head = [...standing, ...shortFacts(view.status).split('\n'), '']
  const events = view.lastEvents(rows < ROWS_FOR_EVENTS ? 0 : MOST_EVENTS)
  const told = events.map(({ event, at }) => printable(eventLine(event, at)))
  const foot = told.length === 0 ? [] : ['', ...told]
  const body = bodyOf(view, frame, room - head.length - foot.length)
  return [...head, ...body, ...foot].slice(0, room).map((line) => cliTruncate(line, columns))
}

function bodyOf(view: StatusView, frame: Frame, room: number): string[] {
  const [title = '', ...rows] = plainTable([TITLES, ...view.devices.map(deviceRow)]).split('\n')
  const devices = view.devices.map((device, index) =>
    entry(rows[index], device.state, troubleOf(device), frame),
  )
  const unitRows = plainTable(view.units.map(({ unit, state }) => [printable(unit), state]))
  const units = view.units.map(({ state, cause }, index) =>
    entry(unitRows.split('\n')[index], state, cause, frame),
  )
  const all = [title, ...devices.flatMap(({ lines }) => lines)]
  if (units.length > 0) all.push('', ...units.flatMap(({ lines }) => lines))
  return all.length <= room ? all : [title, ...mostUrgent([...devices, ...units], room - 1)]
}

/** Those that have failed first, as many as there is room for, and how many more there are. */
function mostUrgent(entries: readonly Entry[], room: number): string[] {
  const sorted = entries.toSorted((a, b) => Number(b.failed) - Number(a.failed))
  const lines: string[] = []
  const left = sorted.findIndex((one) => {
    if (lines.length + one.lines.length > room - 1) return true
    lines.push(...one.lines)
    return false
  })
  return [...lines, `... ${entries.length - left} more`]
}

function entry(row = '', state: string, trouble: string | undefined, frame: Frame): Entry {
  const failed = state === 'failed'
  const why = trouble === undefined ? [] : wrapped(printable(trouble), frame.columns)
  const lines = [row, ...why]
  return { failed, lines: failed ? lines.map((line) => paint('red', line, frame)) : lines }
}

const TITLES = ['device', 'state', 'platform', 'open', 'busy', 'queued', 'cached']

function deviceRow(device: DeviceView): (string | number)[] {
  const { name, state, platform = '-', sessions, queued, cachedOutputs } = device
  return [printable(name), state, platform, sessions.open, sessions.busy, queued, cachedOutputs]
}

/** Its last error in words, also when it has gone on since. */
function troubleOf({ cause, lastError, backoffMs }: DeviceView): string | undefined {
  const error = cause ?? (lastError && `${lastError.code}: ${lastError.message}`)
  const again = backoffMs === undefined ? '' : `tried again in ${(backoffMs / 1000).toFixed(1)} s`
  const parts = [error ?? '', again].filter((part) => part !== '')
  return parts.length === 0 ? undefined : parts.join('; ')
}

/** At spaces, and indented. A word that is longer than a line is cut with it. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && stringWidth(`${last} ${word}`) <= columns)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`${INDENT}${word}`)
  }
  return lines
}
