/** `pnpm chaos`: runs schedules of faults, shrinks those that fail, and says how to see them again. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '@nac-broker/supervisor'
import { allFaults } from './faults/all-faults.ts'
import type { Fault } from './faults/fault.ts'
import { explore } from './schedules/explore.ts'
import { type Asked, commandOf, drawnFor, type Verdict } from './schedules/run-one.ts'
import { shrink } from './schedules/shrink.ts'

const HELP = `Usage: npx -y pnpm@12 chaos [--schedules N] [--for MINUTESm] [--seed S [--only 1,3]] [--fault NAME,NAME]
       [--simulated] [--jobs N]

Runs brokers, clients and simulated devices, with real processes, sockets and SSH, and makes them suffer
what a seed draws. Judges by the devices' own log, what callers were told, and what the system says.

  --schedules N   how many; default 50, or 1,000 simulated ones
  --for 10m       for so long instead (s, m or h)
  --seed S        the first one's seed; default a new one each time. Without --schedules, that one alone
  --only 1,3      with --seed: only these of its faults, or none
  --fault NAMES   draws from these faults only; what there are: docs/chaos.md
  --simulated     all in one process, on a clock of its own: fast, and the same each time
  --jobs N        how many at a time; default: two for each core, one where they are simulated
  --until-failed  no further than the first one that fails
  --html FILE     with --seed: a page of that schedule, with a picture, also where nothing was violated;
                  one that fails has a page in chaos-report/ in any case
  --json          one JSON line for each, instead of words
  --help          this

Whole runs, whose orchestrator or workers are killed or stopped, are no schedules but tests, at moments from a seed:
NAC_BROKER_CHAOS_KILLS=50 npx -y pnpm@12 test resumed-after-kill frozen-orchestrator worker-suffers stopped-machine

Exit code 0 when nothing was violated, 1 when something was, 2 when this command was not understood.`

interface Wanted {
  readonly first: number
  readonly schedules: number
  readonly endMs: number
  readonly only: number[] | undefined
  readonly faults: string[] | undefined
  readonly simulated: boolean
  readonly jobs: number
  readonly untilFailed: boolean
  /** Where the page of the only schedule belongs. */
  readonly html: string | undefined
  readonly json: boolean
}

process.exitCode = await main()

async function main(): Promise<number> {
  let wanted: Wanted | undefined
  try {
    wanted = await understood()
  } catch (error) {
    const [what] = (error as Error).message.split(/\.?\n/)
    console.error(`chaos: ${what}; see --help`)
    return 2
  }
  if (!wanted) {
    console.log(HELP)
    return 0
  }
  const startedMs = systemClock.now()
  const failed: Verdict[] = []
  let done = 0
  const isOver = (): boolean => wanted.untilFailed && failed.length > 0
  await explore(schedulesOf(wanted, isOver), {
    jobs: wanted.jobs,
    onVerdict(verdict) {
      done++
      if (verdict.violations.length > 0) failed.push(verdict)
      if (wanted.html !== undefined) writePage(verdict, wanted.html)
      const { page: _page, ...line } = verdict
      if (wanted.json) console.log(JSON.stringify(line))
      else if (verdict.violations.length > 0) console.log(told(verdict))
      else if (done % (wanted.simulated ? 1_000 : 25) === 0)
        console.log(`${done} schedules, ${failed.length} failed`)
    },
  })
  if (!wanted.json) for (const verdict of failed) await tellShrunk(verdict, wanted.html)
  const seconds = Math.round((systemClock.now() - startedMs) / 1000)
  const summary = `${done} schedules in ${seconds} s, ${failed.length} failed`
  console[wanted.json ? 'error' : 'log'](summary)
  return failed.length > 0 || done === 0 ? 1 : 0
}

async function understood(): Promise<Wanted | undefined> {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string' },
      for: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      fault: { type: 'string' },
      simulated: { type: 'boolean', default: false },
      jobs: { type: 'string' },
      'until-failed': { type: 'boolean', default: false },
      html: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  if (values.only !== undefined && (values.seed === undefined || values.schedules !== undefined)) {
    throw new Error('--only is for the schedule of one --seed: name it, without --schedules')
  }
  if (values.html !== undefined && (values.seed === undefined || values.schedules !== undefined)) {
    throw new Error('--html is for the schedule of one --seed: name it, without --schedules')
  }
  const forMs = values.for === undefined ? undefined : duration(values.for)
  const { simulated } = values
  const many = simulated ? 1_000 : 50
  const few = values.seed === undefined ? many : 1
  const all = await allFaults()
  const first = whole('--seed', values.seed, 0) ?? Math.floor(systemClock.random() * 1e9)
  const faults = known(values.fault?.split(','), all)
  const { length } = drawnFor({ seed: first, faults }, all).faults
  return {
    first,
    schedules: whole('--schedules', values.schedules, 1) ?? (forMs === undefined ? few : Infinity),
    endMs: systemClock.now() + (forMs ?? Infinity),
    faults,
    only: values.only === undefined ? undefined : some(values.only, { seed: first, length }),
    simulated,
    jobs: whole('--jobs', values.jobs, 1) ?? availableParallelism() * (simulated ? 1 : 2),
    untilFailed: values['until-failed'],
    html: values.html,
    json: values.json,
  }
}

/** @throws {Error} for a name that no fault has */
function known(names: string[] | undefined, faults: readonly Fault[]): string[] | undefined {
  const unknown = names?.find((name) => !faults.some((fault) => fault.name === name))
  if (unknown === undefined) return names
  throw new Error(`--fault "${unknown}": there is no such fault; docs/chaos.md has them all`)
}

/** @throws {Error} for what is no fault's number */
function some(text: string, { seed, length }: { seed: number; length: number }): number[] {
  if (text === 'none') return []
  const numbers = text.split(',').map((one) => whole('--only', one, 1) ?? 0)
  const beyond = numbers.find((number) => number > length)
  if (beyond === undefined) return numbers
  throw new Error(`--only ${beyond}: seed ${seed} draws no more than ${length} faults`)
}

function whole(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (text !== '' && Number.isInteger(number) && number >= least) return number
  throw new Error(`${option} "${text}" is not a whole number of ${least} or more`)
}

function duration(text: string): number {
  const [, number, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? []
  if (unit === undefined) throw new Error(`--for "${text}" is not a time like 90s, 10m or 2h`)
  return Number(number) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h']
}

function* schedulesOf(
  { first, schedules, endMs, only, faults, simulated, html }: Wanted,
  isOver: () => boolean,
): Generator<Asked> {
  for (let at = 0; at < schedules && systemClock.now() < endMs && !isOver(); at++) {
    yield { seed: first + at, only, faults, simulated, page: html !== undefined }
  }
}

function told({ seed, violations }: Verdict): string {
  return [
    `seed ${seed}:`,
    ...violations.map(({ invariant, what }) => `  ${invariant}: ${what}`),
  ].join('\n')
}

/** With the fewest faults with which it fails again; one that does not fail again is told as it was. */
async function tellShrunk(verdict: Verdict, html: string | undefined): Promise<void> {
  const { seed, faults, simulated } = verdict
  const all = verdict.only ?? Array.from({ length: verdict.drawn }, (_, at) => at + 1)
  let last = verdict
  const fails = async (only: readonly number[]): Promise<boolean> => {
    let failed = false
    const tries = simulated ? 1 : 3
    await explore(
      Array.from({ length: tries }, () => ({ seed, only, faults, simulated })),
      {
        jobs: tries,
        onVerdict(again) {
          if (again.violations.length === 0) return
          failed = true
          last = again
        },
      },
    )
    return failed
  }
  const fewest = await shrink(all, fails)
  console.log(`\nTo see it again: ${commandOf({ seed, only: fewest, faults, simulated })}`)
  console.log(told(last))
  for (const line of last.timeline) console.log(`  ${line}`)
  writePage(last, html ?? path.join('chaos-report', `seed-${seed}.html`))
}

/** One in which nothing was violated has none, unless it was asked for. */
function writePage({ page }: Verdict, file: string): void {
  if (page === undefined) return
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, page)
  console.error(`its page: ${file}`)
}
