import { SHARES } from '../chaos-seed.fixture.ts'
import type { BrokerTurn, Evidence } from '../schedules/evidence.ts'
import type { PlannedFault, Policy } from '../schedules/schedule.ts'
import type { Invariant } from './invariant.ts'

const FIRST_MS = 100
const CAP_MS = 5_000
const MOST_RESTARTS = 5
const WITHIN_MS = 30_000
/** A crash costs no more than this before it is known; nothing here lives long enough to reset the pauses. */
const LATE_MS = 1_500
/** A stalled thread takes its time to end on a busy machine. */
const JUST_BEFORE_MS = 2_000
/** A timer may fire a moment early. */
const EARLY_MS = 5

/** What the supervisor may do, written a second time, from what is promised. */
export const restartsAsPromised: Invariant = {
  name: 'restarts-as-promised',
  promise: 'a lost broker is restarted, or given up, as its policy says',
  *violations({ turns, injected, closedAtMs, level, schedule: { policy, faults } }) {
    const pauses = turns.filter(({ event }) => event.event === 'restarting')
    yield* ofNothingThatBefellIt(turns, faults, level)
    yield* notDrawn(pauses)
    yield* tooMany(pauses)
    yield* notOwed({ turns, policy, closedAtMs, injected })
  },
}

/** How what befalls them ends brokers, in the words that are told of it. */
const FORESEEN = [
  /^the broker stalled/,
  /^the broker crashed: (the broker's (thread|process) ended with|Error: nobody|.*heap|.*memory|failpoint|.* EAGAIN)/,
  /^socket .*: the file that is there is no socket/,
]
const NOT_READY = /^the broker crashed: it was not ready within/
/** Of faults that end brokers in a way of their own. */
const FORESEEN_OF: Readonly<Record<string, RegExp>> = {
  'disk-full': /^run store .*: database or disk is full/,
  'socket-directory-removed': /^(run store|socket) .*(ENOENT|does not exist)/,
  // Either may stall before it is ready.
  'next-broker-fails': NOT_READY,
  'broker-stalled': NOT_READY,
}

function* ofNothingThatBefellIt(
  turns: readonly BrokerTurn[],
  faults: readonly PlannedFault[],
  level: Evidence['level'],
): Generator<string> {
  const ofFaults = faults.flatMap(({ name }) => FORESEEN_OF[name] ?? [])
  // How long a start takes only a simulated machine tells.
  const foreseen = [...FORESEEN, ...ofFaults, ...(level === 'real' ? [NOT_READY] : [])]
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

type Standing =
  | { readonly is: 'serving' | 'over' }
  | { readonly is: 'lost'; readonly atMs: number }
  | { readonly is: 'pausing'; readonly untilMs: number }

/** What comes of each loss: a restart, as long as there were not too many, or the policy's end. */
function* notOwed({
  turns,
  policy,
  closedAtMs,
  injected,
}: Pick<Evidence, 'turns' | 'closedAtMs' | 'injected'> & { policy: Policy }): Generator<string> {
  const restarts = policy.startsWith('restart')
  const last = policy.endsWith('fallback') ? 'fallback' : 'aborted'
  const restartedMs: number[] = []
  let standing: Standing = { is: 'serving' }
  for (const { atMs, event } of turns) {
    switch (event.event) {
      case 'broker-lost':
        if (standing.is === 'lost') yield 'the broker was lost, and nothing came of it'
        standing = { is: 'lost', atMs }
        break
      case 'restarting':
        if (!restarts) yield `${policy} has restarted the broker`
        // Whose predecessor's end cannot be written down is not started yet: nobody loses it.
        if (standing.is !== 'lost' && !isDiskFull(injected, atMs))
          yield 'the broker was restarted without a loss'
        restartedMs.push(atMs)
        standing = { is: 'pausing', untilMs: atMs + event.delayMs }
        break
      case 'listening':
        if (standing.is === 'pausing' && atMs < standing.untilMs - EARLY_MS)
          yield `generation ${event.generation} listened before its pause was over`
        standing = { is: 'serving' }
        break
      case 'fallback':
      case 'aborted': {
        if (event.event !== last) yield `${policy} has ended in ${event.event}`
        if (standing.is !== 'lost' && !isDiskFull(injected, atMs))
          yield `${policy} has ended in ${event.event} without a loss`
        const many = restartedMs.filter((ms) => atMs - ms < WITHIN_MS + LATE_MS).length
        if (restarts && many < MOST_RESTARTS)
          yield `the broker was given up after ${many} restarts, not ${MOST_RESTARTS}`
        standing = { is: 'over' }
        break
      }
      default:
    }
  }
  // Of one that is lost just before it is closed nothing comes any more.
  if (standing.is === 'lost' && standing.atMs < closedAtMs - JUST_BEFORE_MS)
    yield 'the broker was lost, and nothing came of it'
}

function isDiskFull(injected: Evidence['injected'], atMs: number): boolean {
  return injected.some(
    ({ name, fromMs, toMs = Infinity }) =>
      name === 'disk-full' && fromMs <= atMs && atMs <= toMs + LATE_MS,
  )
}
