/** `pnpm chaos:mutants`: whether the suite notices the mistakes that somebody could make in our code. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import type { Verdict } from '../schedules/run-one.ts'
import type { Mutant } from './mutant.ts'
import { MUTANTS } from './mutants.ts'

const HELP = `Usage: npx -y pnpm@12 chaos:mutants [--simulated N] [--real N] [--seed S] [NAME...]

Makes one mistake after the other in a copy of our code in memory, and runs schedules, first simulated ones and
then real ones, until one of them is violated. Prints a table: mutant, which invariant has caught it, after how
many schedules.

  --simulated N   at most so many simulated ones for each; default 1,000
  --real N        and then at most so many real ones; default 60
  --seed S        the first one's seed; default 1
  --document      writes the table to docs/mutants.md, too
  --verbose       what was violated, and the seed, on stderr
  --help          this

Exit code 0 when every mutant was caught, 1 when one was not, 2 when this command was not understood.`

const HERE = import.meta.dirname
const CHAOS = path.join(HERE, '../cli.ts')
const DOCUMENT = path.join(HERE, '../../../../docs/mutants.md')
const run = promisify(execFile)

process.exitCode = await main()

async function main(): Promise<number> {
  const options = {
    simulated: { type: 'string', default: '1000' },
    real: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    document: { type: 'boolean', default: false },
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
  const table = ['| Mutant | The mistake | Caught by | Schedules |', '|---|---|---|---:|']
  console.log(table.join('\n'))
  let caught = 0
  for (const mutant of some) {
    // oxlint-disable-next-line no-await-in-loop -- they share the machine
    const found = await hunt(mutant, values)
    if (found) caught++
    const by = found ? [...found.by].join(', ') : '**nothing**'
    if (found && verbose) console.error(found.what)
    const row = `| ${mutant.name} | ${mutant.mistake} | ${by} | ${found?.schedules ?? ''} |`
    table.push(row)
    console.log(row)
  }
  const summary = `${caught} of ${some.length} mutants were caught`
  console.log(`\n${summary}`)
  if (values.document) await writeFile(DOCUMENT, documentOf(table, summary))
  return caught === some.length ? 0 : 1
}

function documentOf(table: readonly string[], summary: string): string {
  return `# Mutants: would the suite notice a mistake?

Written by \`npx -y pnpm@12 chaos:mutants --document\`. Each row is a mistake that was made in a copy of the code,
the invariants of [chaos.md](chaos.md) that the first schedule with a violation broke, and how many schedules
it took, from seed 1.

${table.join('\n')}

${summary}.
`
}

interface Found {
  readonly by: ReadonlySet<string>
  /** "3 simulated" */
  readonly schedules: string
  readonly what: string
}

/** What the first schedule that was violated says; undefined when none was. */
async function hunt(
  mutant: Mutant,
  { simulated, real, seed }: { simulated: string; real: string; seed: string },
): Promise<Found | undefined> {
  return (
    (await huntAmong('simulated', ['--simulated', '--schedules', simulated], mutant, seed)) ??
    (await huntAmong('real', ['--schedules', real], mutant, seed))
  )
}

async function huntAmong(
  level: string,
  some: readonly string[],
  { name, faults }: Mutant,
  seed: string,
): Promise<Found | undefined> {
  const mutate = `--import=${path.join(HERE, 'mutate.ts')} --disable-warning=ExperimentalWarning`
  const env = { ...process.env, NAC_BROKER_MUTANT: name, NODE_OPTIONS: mutate }
  const only = faults ? ['--fault', faults.join(',')] : []
  const args = [CHAOS, ...some, ...only, '--seed', seed, '--json', '--until-failed']
  const { stdout } = await run(process.execPath, args, { env, maxBuffer: 2 ** 30 }).catch(
    (failed: unknown) => failed as { stdout: string },
  )
  const verdicts = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Verdict)
  const at = verdicts.findIndex(({ violations }) => violations.length > 0)
  const first = verdicts[at]
  if (!first) return undefined
  const by = new Set(first.violations.map(({ invariant }) => invariant))
  const what = first.violations.map((one) => `${one.invariant}: ${one.what}`).join('\n')
  return { by, schedules: `${at + 1} ${level}`, what: `${name}, seed ${first.seed}: ${what}` }
}
