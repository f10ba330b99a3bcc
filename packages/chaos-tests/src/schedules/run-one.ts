import { allFaults } from '../faults/all-faults.ts'
import type { Fault } from '../faults/fault.ts'
import { runSchedule } from '../real/run-schedule.ts'
import { pageOf, pageWithoutEvidence } from '../report/page.ts'
import { runSimulated } from '../simulated/run-simulated.ts'
import { drawSchedule } from './draw-schedule.ts'
import { judge, type Violation } from './judge.ts'
import type { Schedule } from './schedule.ts'
import { faultLine, timelineOf } from './timeline.ts'

export interface Asked {
  readonly seed: number
  /** Faults to draw from, by name; absent: every one. */
  readonly faults?: readonly string[] | undefined
  /** Which of those that are drawn, from 1; absent: all. */
  readonly only?: readonly number[] | undefined
  /** Whether on a time of its own, and in one process. */
  readonly simulated?: boolean | undefined
  /** Whether there is to be a page of it also where nothing was violated. */
  readonly page?: boolean | undefined
}

/** What shows it again. */
export function commandOf({ seed, only, faults, simulated }: Asked): string {
  const level = simulated ? ' --simulated' : ''
  const among = faults ? ` --fault ${faults.join(',')}` : ''
  const some = only ? ` --only ${only.join(',') || 'none'}` : ''
  return `npx -y pnpm@12 chaos${level} --seed ${seed}${among}${some}`
}

export interface Verdict extends Omit<Asked, 'page'> {
  /** How many faults were drawn. */
  readonly drawn: number
  readonly tookMs: number
  readonly violations: readonly Violation[]
  readonly timeline: readonly string[]
  /** The same as a page of HTML. */
  readonly page?: string
}

/** The whole schedule of the seed, whichever of its faults are asked for. */
export function drawnFor({ seed, faults: names }: Asked, faults: readonly Fault[]): Schedule {
  return drawSchedule(
    seed,
    faults.filter(({ name }) => names?.includes(name) ?? true),
  )
}

/** Of a run of which there is no evidence: how it ended, and what it was to suffer. */
export async function verdictWithoutEvidence(
  asked: Asked,
  what: string,
  tookMs: number,
): Promise<Verdict> {
  const { page: _page, ...which } = asked
  const drawn = drawnFor(asked, await allFaults())
  const timeline = drawn.faults.flatMap((fault, at) =>
    asked.only && !asked.only.includes(at + 1) ? [] : [faultLine(fault, at)],
  )
  const violations = [{ invariant: 'nothing-hangs-or-dies', what }]
  return {
    ...which,
    drawn: drawn.faults.length,
    tookMs,
    violations,
    timeline,
    page: pageWithoutEvidence(drawn, { violations, command: commandOf(asked), faults: timeline }),
  }
}

/** Draws the seed's schedule, runs it with all its faults or only some, and judges what happened. */
export async function runOne(asked: Asked): Promise<Verdict> {
  const startedMs = performance.now()
  const { only, simulated } = asked
  const faults = await allFaults()
  const drawn = drawnFor(asked, faults)
  const some = drawn.faults.filter((_, at) => only === undefined || only.includes(at + 1))
  const byName = new Map(faults.map((one) => [one.name, one]))
  const run = simulated ? runSimulated : runSchedule
  const evidence = await run({ ...drawn, faults: some }, byName)
  const violations = judge(evidence)
  const isTold = violations.length > 0
  const timeline = isTold ? timelineOf(evidence) : []
  const page = (isTold || asked.page) && pageOf(evidence, violations, commandOf(asked))
  const tookMs = performance.now() - startedMs
  const { page: _page, ...which } = asked
  const told = { ...which, drawn: drawn.faults.length, tookMs, violations, timeline }
  return page ? { ...told, page } : told
}
