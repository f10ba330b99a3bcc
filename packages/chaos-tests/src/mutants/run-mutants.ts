/** `pnpm chaos:mutants`: whether the suite notices the mistakes that somebody could make in our code. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import type { Verdict } from '../schedules/run-one.ts'
import type { Mutant } from './mutant.ts'
import { MUTANTS } from './mutants.ts'

const HELP = `Usage: npx -y pnpm@12 chaos:mutants [--schedules N] [--jobs N] [--seed S] [NAME...]

Makes one mistake after the other in a copy of our code in memory, and runs schedules until one of them is
violated. Prints a table: mutant, which invariant has caught it, after how many schedules.

  --schedules N   at most so many for each; default 60
  --jobs N        how many schedules at a time; default 4
  --seed S        the first one's seed; default 1
  --verbose       what was violated, and the seed, on stderr
  --help          this

Exit code 0 when every mutant was caught, 1 when one was not, 2 when this command was not understood.`

const HERE = import.meta.dirname
const CHAOS = path.join(HERE, '../cli.ts')
const run = promisify(execFile)

process.exitCode = await main()

async function main(): Promise<number> {
  const options = {
    schedules: { type: 'string', default: '60' },
    jobs: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const
  let asked
  try {
    asked = parseArgs({ options, allowPositionals: true })
    const unknown = asked.positionals.find((name) => !MUTANTS.some((one) => one.name === name))
    if (unknown !== undefined) throw new Error(`there is no mutant "${unknown}"`)
  } catch (error) {
    console.error(`chaos:mutants: ${(error as Error).message}; see --help`)
    return 2
  }
  const { values, positionals } = asked
  const { verbose } = values
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const some = MUTANTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  console.log('| Mutant | The mistake | Caught by | Schedules |\n|---|---|---|---:|')
  let caught = 0
  for (const mutant of some) {
    // oxlint-disable-next-line no-await-in-loop -- they share the machine
    const found = await hunt(mutant, values)
    if (found) caught++
    const by = found ? [...found.by].join(', ') : '**nothing**'
    if (found && verbose) console.error(found.what)
    console.log(`| ${mutant.name} | ${mutant.mistake} | ${by} | ${found?.schedules ?? ''} |`)
  }
  console.log(`\n${caught} of ${some.length} mutants were caught`)
  return caught === some.length ? 0 : 1
}

/** The invariants of the first schedule that was violated; undefined when none was. */
async function hunt(
  { name }: Mutant,
  { schedules, jobs, seed }: { schedules: string; jobs: string; seed: string },
): Promise<{ by: Set<string>; schedules: number; what: string } | undefined> {
  const mutate = `--import=${path.join(HERE, 'mutate.ts')} --disable-warning=ExperimentalWarning`
  const env = { ...process.env, NAC_BROKER_MUTANT: name, NODE_OPTIONS: mutate }
  const args = [
    '--schedules',
    schedules,
    '--jobs',
    jobs,
    '--seed',
    seed,
    '--json',
    '--until-failed',
  ]
  const { stdout } = await run(process.execPath, [CHAOS, ...args], {
    env,
    maxBuffer: 2 ** 30,
  }).catch((failed: unknown) => failed as { stdout: string })
  const verdicts = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Verdict)
  const at = verdicts.findIndex(({ violations }) => violations.length > 0)
  const first = verdicts[at]
  if (!first) return undefined
  const by = new Set(first.violations.map(({ invariant }) => invariant))
  const what = first.violations.map((one) => `${one.invariant}: ${one.what}`).join('\n')
  return { by, schedules: at + 1, what: `${name}, seed ${first.seed}: ${what}` }
}
