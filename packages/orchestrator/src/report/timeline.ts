import type { AttemptReport, GenerationReport, RunReport, WorkerReport } from '../report.ts'
import { duration, inWords, shortened } from './format.ts'
import type { Cut, Lane, Mark } from './lane.ts'
import { pictures } from './lanes.ts'
import { type Markup, markup } from './markup.ts'
import type { TimeAxis } from './time-axis.ts'

type Sessions = RunReport['health']['devices'][number]

const LONGEST_REASON = 100

/** The broker, the workers and the devices, one below the other on the same axis. */
export function timeline(report: RunReport): Markup {
  const { broker, workers, health } = report
  const axis = timeAxis(report)
  const cuts = broker.generations.filter((one) => one.lost !== undefined).map(lossOf)
  const shown = [
    { title: 'Broker', lanes: [brokerLane(axis, broker.generations)], cuts },
    { title: 'Workers', lanes: workers.map((worker) => workerLane(worker, axis)), cuts },
    { title: 'Device sessions', lanes: health.devices.map((one) => deviceLane(one, axis)), cuts },
  ]
  return markup`<p>Time runs from left to right, from ${beginningOf(report)} on. Point at a bar to read what it is.</p>
${LEGEND}
${pictures(
  axis,
  shown.filter(({ lanes }) => lanes.length > 0),
)}`
}

const LEGEND = markup`<ul class="legend">${[
  ['generation', 'broker running'],
  ['passed', 'passed'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['session', 'session open'],
].map(
  ([kind, name]) =>
    markup`<li><svg width="28" height="20" aria-hidden="true"><rect class="${kind}" width="28"/></svg> ${name}</li>`,
)}<li><svg width="8" height="20" aria-hidden="true"><line class="cut" x1="4" x2="4" y1="2" y2="18"/></svg> device ended the session</li><li><svg width="8" height="20" aria-hidden="true"><line class="lost" x1="4" x2="4" y2="20"/></svg> broker lost</li></ul>`

/** A run that was resumed is shown from there on: what it had done before may be days ago. */
function timeAxis({ startedAt, resumed, durationMs, broker, workers }: RunReport): TimeAxis {
  const resumedAt = broker.generations[0]?.startedAt
  const fromMs = Date.parse(resumed === undefined ? startedAt : (resumedAt ?? startedAt))
  const ends = workers.flatMap(({ attempts }) =>
    attempts.map((one) => Date.parse(one.startedAt) + one.durationMs),
  )
  return { fromMs, toMs: Math.max(fromMs + Math.max(durationMs, 1), ...ends) }
}

function beginningOf({ resumed }: RunReport): string {
  return resumed === undefined ? "the run's beginning" : 'where it was last resumed'
}

function lossOf({ generation, startedAt, endedAt = startedAt, lost = '' }: GenerationReport): Cut {
  return { atMs: Date.parse(endedAt), title: `broker generation ${generation} was lost: ${lost}` }
}

function brokerLane(axis: TimeAxis, generations: readonly GenerationReport[]): Lane {
  const marks = generations.map((one): Mark => {
    const { generation, startedAt, endedAt, lost } = one
    const fromMs = Date.parse(startedAt)
    const toMs = endedAt === undefined ? axis.toMs : Date.parse(endedAt)
    const end = lost === undefined ? '' : `, then lost: ${lost}`
    const title = `generation ${generation}: ${duration(toMs - fromMs)}${end}`
    return { kind: 'generation', fromMs, toMs, title, label: `${generation}` }
  })
  return { name: 'broker', marks, cuts: [] }
}

function workerLane({ name, attempts }: WorkerReport, axis: TimeAxis): Lane {
  const marks = attempts
    .map((one) => attemptMark(name, one))
    .filter(({ toMs }) => toMs >= axis.fromMs)
  return { name, marks, cuts: [] }
}

function attemptMark(worker: string, one: AttemptReport): Mark {
  const { attempt, status, startedAt, durationMs, reason } = one
  const fromMs = Date.parse(startedAt)
  const why = reason === undefined ? '' : `: ${shortened(reason, LONGEST_REASON)}`
  const title = `${worker}, attempt ${attempt}: ${inWords(status)} after ${duration(durationMs)}${why}`
  return { kind: status, fromMs, toMs: fromMs + durationMs, title }
}

function deviceLane({ name, sessions }: Sessions, axis: TimeAxis): Lane {
  const marks: Mark[] = []
  const cuts: Cut[] = []
  // When the device last ended a session: the next one is the reconnect.
  let cutMs: number | undefined
  for (const { openedAt, closedAt, by } of sessions) {
    const fromMs = Date.parse(openedAt)
    const toMs = closedAt === undefined ? axis.toMs : Date.parse(closedAt)
    const again =
      cutMs === undefined || fromMs < cutMs
        ? ''
        : `, opened ${duration(fromMs - cutMs)} after the last one`
    cutMs = undefined
    const title = `${name}: session of ${duration(toMs - fromMs)}${again}, ${endOf(by)}`
    marks.push({ kind: 'session', fromMs, toMs, title })
    if (by !== 'device') continue
    cuts.push({ atMs: toMs, title: `${name} ended the session` })
    cutMs = toMs
  }
  return { name, marks, cuts }
}

const ENDS: Readonly<Record<string, string>> = {
  device: 'ended by the device',
  evicted: 'closed to make room',
  disconnected: 'closed because a client asked',
  'timed-out': 'closed because a command timed out',
  shutdown: 'closed at the end',
  'broker-lost': 'gone with its broker',
}

function endOf(by: string | undefined): string {
  return by === undefined ? 'open to the end' : (ENDS[by] ?? inWords(by))
}
