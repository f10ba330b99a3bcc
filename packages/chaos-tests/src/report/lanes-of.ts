import { duration, shortened } from '../../../orchestrator/src/report/format.ts'
import type { Cut, Lane, Mark } from '../../../orchestrator/src/report/lane.ts'
import type { Picture } from '../../../orchestrator/src/report/lanes.ts'
import type { TimeAxis } from '../../../orchestrator/src/report/time-axis.ts'
import type { CallRecord, Evidence } from '../schedules/evidence.ts'
import { deviceLanes } from './device-lanes.ts'

/** From the beginning of the run to what happened last, on the clock of the broker's turns. */
export function axisOf({ began, calls, lastCalls, turns, closedAtMs }: Evidence): TimeAxis {
  const ends = [...calls, ...lastCalls].map(({ startedMs, tookMs }) => startedMs + tookMs)
  return {
    fromMs: began.atMs,
    toMs: Math.max(began.atMs + 1, closedAtMs, ...ends, ...turns.map(({ atMs }) => atMs)),
  }
}

/** What befell whom, one picture below the other: faults, broker, callers, devices. */
export function picturesOf(evidence: Evidence, axis: TimeAxis): Picture[] {
  const cuts = evidence.injected.map(({ name, fromMs }, at) => ({
    atMs: fromMs,
    title: `fault ${at + 1}: ${name}`,
  }))
  const pictures = [
    { title: 'Faults', lanes: faultLanes(evidence, axis), cuts },
    { title: 'Broker, by generation', lanes: brokerLanes(evidence, axis), cuts },
    { title: 'Calls, by client and caller', lanes: callLanes(evidence, axis), cuts },
    { title: 'Devices, by their own log', lanes: deviceLanes(evidence, axis), cuts },
  ]
  return pictures.filter(({ lanes }) => lanes.length > 0)
}

function faultLanes({ injected }: Evidence, axis: TimeAxis): Lane[] {
  return injected.map(({ name, args, fromMs, toMs = axis.toMs }, at) => {
    const title = `fault ${at + 1}: ${name} ${JSON.stringify(args)}, for ${duration(toMs - fromMs)}`
    return { name: `${at + 1} ${name}`, marks: [{ kind: 'fault', fromMs, toMs, title }], cuts: [] }
  })
}

/** The first one has begun to listen before anybody could hear it. */
function brokerLanes({ began, turns, closedAtMs }: Evidence, axis: TimeAxis): Lane[] {
  const begun = new Map([[1, began.atMs]])
  const lost = new Map<number, Cut>()
  for (const { atMs, event } of turns) {
    if (event.event === 'listening') begun.set(event.generation, atMs)
    if (event.event === 'broker-lost') lost.set(event.generation, { atMs, title: event.message })
  }
  const ended = turns.flatMap(({ atMs, event }): Cut[] =>
    event.event === 'fallback' || event.event === 'aborted' ? [{ atMs, title: event.event }] : [],
  )
  return [...begun].map(([generation, fromMs], at) => {
    const end = lost.get(generation)
    const toMs = end?.atMs ?? Math.min(closedAtMs, axis.toMs)
    const why = end ? `, then lost: ${end.title}` : ', then closed'
    const title = `generation ${generation}: ${duration(toMs - fromMs)}${why}`
    const marks = [{ kind: 'generation', fromMs, toMs, title, label: `${generation}` }]
    return { name: `generation ${generation}`, marks, cuts: at === begun.size - 1 ? ended : [] }
  })
}

function callLanes({ calls, lastCalls }: Evidence, axis: TimeAxis): Lane[] {
  const byCaller = Map.groupBy([...calls, ...lastCalls], ({ caller }) => caller)
  return [...byCaller]
    .toSorted(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
    .map(([name, made]) => ({ name, marks: made.map((call) => callMark(call, axis)), cuts: [] }))
}

const LONGEST_LINE = 60

function callMark(call: CallRecord, axis: TimeAxis): Mark {
  const { device, line, key, timeoutMs, startedMs, outcome } = call
  const isOver = outcome.kind !== 'pending' && outcome.kind !== 'client-died'
  const toMs = isOver ? startedMs + call.tookMs : axis.toMs
  const asked = `"${shortened(line, LONGEST_LINE)}" on ${device}${key === undefined ? '' : `, key ${key}`}`
  const took = `${duration(toMs - startedMs)} of ${duration(timeoutMs)}`
  const title = `${asked}: ${took}, ${toldOf(call)}`
  return { kind: kindOf(call), fromMs: startedMs, toMs, title }
}

function toldOf({ outcome }: CallRecord): string {
  if (outcome.kind !== 'failed') return outcome.kind
  return `${outcome.code} (sent: ${outcome.sent}): ${outcome.message}`
}

function kindOf({ outcome }: CallRecord): string {
  switch (outcome.kind) {
    case 'acknowledged':
      return outcome.cached ? 'cached' : 'passed'
    case 'failed':
      return 'failed'
    case 'pending':
    case 'client-died':
      return 'cancelled'
  }
}
