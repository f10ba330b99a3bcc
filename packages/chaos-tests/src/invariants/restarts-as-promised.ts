import { SHARES } from '../chaos-seed.fixture.ts'
import type { BrokerTurn, Evidence } from '../schedules/evidence.ts'
import type { PlannedFault } from '../schedules/schedule.ts'
import type { Invariant } from './invariant.ts'

const FIRST_MS = 100
const CAP_MS = 5_000
const MOST_RESTARTS = 5
const WITHIN_MS = 30_000
/** A crash costs no more than this before it is known; nothing here lives long enough to reset the pauses. */
const LATE_MS = 1_500
/** A stalled thread takes its time to end on a busy machine. */
const JUST_BEFORE_MS = 2_000

/** What the supervisor may do, written a second time, from what is promised. */
export const restartsAsPromised: Invariant = {
  name: 'restarts-as-promised',
  promise: 'a lost broker is restarted, or given up, as its policy says',
  *violations({ turns, closedAtMs, schedule: { policy, faults } }) {
    // Of one that is lost just before it is closed nothing comes any more.
    const losses = turns.filter(
      ({ atMs, event }) => event.event === 'broker-lost' && atMs < closedAtMs - JUST_BEFORE_MS,
    )
    const pauses = turns.filter(({ event }) => event.event === 'restarting')
    if (!policy.startsWith('restart') && pauses.length > 0)
      yield `${policy} has restarted the broker`
    yield* ofNothingThatBefellIt(turns, faults)
    yield* notDrawn(pauses)
    yield* tooMany(pauses)
    yield* ended(losses.length, pauses.length, policy, turns)
  },
}

/** How what befalls them ends brokers, in the words that are told of it. */
const FORESEEN = [
  /^the broker stalled/,
  /^the broker crashed: (the broker's (thread|process) ended with|Error: nobody|.*heap|.*memory|failpoint|.* EAGAIN)/,
  /^socket .*: the file that is there is no socket/,
]
/** Of faults that end brokers in a way of their own. */
const FORESEEN_OF: Readonly<Record<string, RegExp>> = {
  'disk-full': /^run store .*: database or disk is full/,
  // It may be told to stall before it is ready, and a start may take its time.
  'next-broker-fails': /^the broker crashed: it was not ready within/,
}

function* ofNothingThatBefellIt(
  turns: readonly BrokerTurn[],
  faults: readonly PlannedFault[],
): Generator<string> {
  const ofFaults = faults.flatMap(({ name }) => FORESEEN_OF[name] ?? [])
  const foreseen = [...FORESEEN, ...ofFaults]
  for (const { event } of turns) {
    if (event.event === 'broker-lost' && !foreseen.some((words) => words.test(event.message)))
      yield `nothing that befell it ends a broker so: ${event.message}`
  }
}

function* notDrawn(pauses: readonly BrokerTurn[]): Generator<string> {
  for (const [at, { event }] of pauses.entries()) {
    if (event.event !== 'restarting') continue
    const most = Math.min(CAP_MS, FIRST_MS * 2 ** at)
    const { delayMs } = event
    if (!SHARES.some((share) => Math.abs(delayMs - share * most) < 0.001))
      yield `the ${at + 1}. pause was ${delayMs} ms, which was not drawn from ${most} ms`
  }
}

function* tooMany(pauses: readonly BrokerTurn[]): Generator<string> {
  for (const [at, { atMs }] of pauses.entries()) {
    const earlier = pauses[at - MOST_RESTARTS]
    if (earlier && atMs - earlier.atMs < WITHIN_MS - LATE_MS) {
      yield `${MOST_RESTARTS + 1} restarts within ${Math.round(atMs - earlier.atMs)} ms`
    }
  }
}

function* ended(
  losses: number,
  pauses: number,
  policy: Evidence['schedule']['policy'],
  turns: readonly BrokerTurn[],
): Generator<string> {
  const last = policy.endsWith('fallback') ? 'fallback' : 'aborted'
  const other = last === 'fallback' ? 'aborted' : 'fallback'
  const ends = turns.filter(({ event }) => event.event === last)
  if (turns.some(({ event }) => event.event === other)) yield `${policy} has ended in ${other}`
  if (ends.length > 1) yield `${policy} has ended ${ends.length} times`
  if (losses > pauses && ends.length === 0) yield 'the broker was lost, and nothing came of it'
  if (!turns.some(({ event }) => event.event === 'broker-lost') && ends.length > 0)
    yield `${policy} has ended in ${last} without a loss`
}
