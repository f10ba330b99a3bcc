/** Asks one question, in a process of its own: what an earlier one has left in memory is nobody's figure. */
import { systemClock } from '@nac-broker/supervisor'
import { printTable } from './print-table.ts'
import { type Question, Skipped } from './question.ts'
import { QUESTIONS } from './questions.ts'
import { keepResults, measured } from './results-file.ts'
import { wholeQuestion } from './whole-question.ts'

const [wanted, effort] = process.argv.slice(2)
const asked = QUESTIONS.find(({ name }) => name === wanted)
if (!asked) throw new Error(`there is no question "${wanted}"`)
try {
  await answer(asked, { quick: effort === 'quick' })
} catch (error) {
  console.error(`bench: ${asked.name} went wrong:`, error)
  process.exitCode = 1
}

async function answer(question: Question, { quick }: { quick: boolean }): Promise<void> {
  const { name } = question
  const startedMs = systemClock.now()
  try {
    const tables = [...(await question.measure({ quick })), ...wholeQuestion()]
    const tookMs = systemClock.now() - startedMs
    for (const table of tables) printTable(table)
    console.log(`${name} took ${(tookMs / 1000).toFixed(1)} s`)
    if (!quick) await keepResults(name, tookMs, measured(tables))
  } catch (error) {
    if (!(error instanceof Skipped)) throw error
    const because = error.message
    console.log(`${name} is skipped: ${because}`)
    if (!quick) await keepResults(name, 0, { kind: 'not measured', because })
  }
}
