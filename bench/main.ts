/**
 * Measures the broker, what becomes of its clients when it dies, and what a run costs: one file of `questions/` each, on
 * this machine, with real SSH, sockets and processes. Figures are printed beside what they should be,
 * and not judged; a wrong answer, or a device that saw what it must not, ends the run with exit code 1.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { keepingCompiledCode } from '../packages/broker/src/hosts/compiled-code.ts'
import { writePage } from './document/write-page.ts'
import type { Question } from './question.ts'
import { QUESTIONS } from './questions.ts'

const NAMES = QUESTIONS.map(({ name }) => name)

const HELP = `Usage: npx -y pnpm@12 bench [--quick] [NAME...]
       npx -y pnpm@12 bench --document

Measures the broker beside what bounds it, what becomes of its clients when it dies, and what a run
costs. Without a name, everything: about an hour, or a minute with --quick. What is
printed is kept too, in bench/results/NAME.json, but for --quick.

${QUESTIONS.map(({ name, asks }) => `  ${name.padEnd(21)}${asks}`).join('\n')}

  --quick            fewer samples, clients and devices, and as many questions at a time as there are
                     cores: whether it all works, and rough figures
  --document         measure nothing; write docs/performance.md, and the figures in
                     docs/crash-policies.md, from what was kept
  --help             this

Exit code 0 when everything that was measured was right, however long it took; 1 when an answer was
wrong, or a device saw what it must not; 2 when this command was not understood.`

const options = {
  quick: { type: 'boolean' },
  document: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

process.exitCode = await main()

async function main(): Promise<number> {
  let asked
  try {
    asked = parseArgs({ options, allowPositionals: true })
    const unknown = asked.positionals.find((name) => !NAMES.includes(name))
    if (unknown !== undefined)
      throw new Error(`there is no "${unknown}" (there are ${NAMES.join(', ')})`)
    if (asked.values.document && (asked.values.quick || asked.positionals.length > 0))
      throw new Error('--document goes alone: it writes of every question')
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`)
    return 2
  }
  const {
    values: { quick = false, document = false, help = false },
    positionals,
  } = asked
  if (help) {
    console.log(HELP)
    return 0
  }
  if (document) {
    console.log(await writePage(QUESTIONS))
    return 0
  }
  console.log(`Node ${process.version}, ${availableParallelism()} cores`)
  const left = QUESTIONS.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  )
  let failed = false
  const askOneAfterTheOther = async (): Promise<void> => {
    for (let next = left.shift(); next && !failed; next = left.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- they would disturb each other
      failed ||= !(await ask(next, quick))
    }
  }
  // A quick look is at whether all of it works: what it says of time is rough in any case.
  const together = quick ? availableParallelism() : 1
  await Promise.all(Array.from({ length: together }, askOneAfterTheOther))
  return failed ? 1 : 0
}

/**
 * Resolves with whether all that was measured was right. What a quick one prints, which has others beside it, comes
 * when it is done.
 */
async function ask({ name, asks }: Question, quick: boolean): Promise<boolean> {
  const heading = `\n${name}: ${asks}`
  if (!quick) console.log(heading)
  const asking = fork(path.join(import.meta.dirname, 'ask.ts'), [name, quick ? 'quick' : 'full'], {
    env: keepingCompiledCode(),
    stdio: ['inherit', quick ? 'pipe' : 'inherit', 'inherit', 'ipc'],
  })
  const closed = once(asking, 'close')
  if (asking.stdout) console.log(`${heading}\n${(await text(asking.stdout)).trimEnd()}`)
  const [code] = (await closed) as [number | null]
  return code === 0
}
