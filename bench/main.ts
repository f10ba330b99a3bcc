/**
 * Measures the broker, what becomes of its clients when it dies, and what a run costs: one file of `questions/` each, on
 * this machine, with real SSH, sockets and processes. Figures are printed beside what they should be,
 * and not judged; a wrong answer, or a device that saw what it must not, ends the run with exit code 1.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { keepResults } from './keep-results.ts'
import { printTable } from './print-table.ts'
import { Skipped } from './question.ts'
import { brokerKilled } from './questions/broker-killed.ts'
import { brokerStalled } from './questions/broker-stalled.ts'
import { bulkOutput } from './questions/bulk-output.ts'
import { fallbackFairness } from './questions/fallback-fairness.ts'
import { fallbackLimit } from './questions/fallback-limit.ts'
import { firstLogins } from './questions/first-logins.ts'
import { hangingDevice } from './questions/hanging-device.ts'
import { loudWorker } from './questions/loud-worker.ts'
import { manyClients } from './questions/many-clients.ts'
import { manyCommands } from './questions/many-commands.ts'
import { manyDevices } from './questions/many-devices.ts'
import { manyWorkers } from './questions/many-workers.ts'
import { pipelined } from './questions/pipelined.ts'
import { pooledRun } from './questions/pooled-run.ts'
import { queuedRequests } from './questions/queued-requests.ts'
import { pythonClient } from './questions/python-client.ts'
import { reconnectStorm } from './questions/reconnect-storm.ts'
import { restart } from './questions/restart.ts'
import { roundTrips } from './questions/round-trips.ts'
import { shell } from './questions/shell.ts'
import { singleFlight } from './questions/single-flight.ts'
import { threadHost } from './questions/thread-host.ts'

const QUESTIONS = [
  roundTrips,
  pipelined,
  manyClients,
  singleFlight,
  bulkOutput,
  firstLogins,
  hangingDevice,
  queuedRequests,
  threadHost,
  manyDevices,
  pooledRun,
  shell,
  pythonClient,
  brokerKilled,
  brokerStalled,
  restart,
  reconnectStorm,
  fallbackLimit,
  fallbackFairness,
  manyWorkers,
  loudWorker,
  manyCommands,
]
const NAMES = QUESTIONS.map(({ name }) => name)

const HELP = `Usage: npx -y pnpm@12 bench [--quick] [NAME...]

Measures the broker beside what bounds it, what becomes of its clients when it dies, and what a run
costs. Without a name, everything: about ten minutes, or three with --quick. What is printed is kept too, in
bench/results/NAME.json.

${QUESTIONS.map(({ name, asks }) => `  ${name.padEnd(19)}${asks}`).join('\n')}

  --quick            fewer samples
  --help             this

Exit code 0 when everything that was measured was right, however long it took; 1 when an answer was
wrong, or a device saw what it must not; 2 when this command was not understood.`

const options = { quick: { type: 'boolean' }, help: { type: 'boolean' } } as const

process.exitCode = await main()

async function main(): Promise<number> {
  let asked
  try {
    asked = parseArgs({ options, allowPositionals: true })
    const unknown = asked.positionals.find((name) => !NAMES.includes(name))
    if (unknown !== undefined)
      throw new Error(`there is no "${unknown}" (there are ${NAMES.join(', ')})`)
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`)
    return 2
  }
  const {
    values: { quick = false, help = false },
    positionals,
  } = asked
  if (help) {
    console.log(HELP)
    return 0
  }
  console.log(`Node ${process.version}, ${availableParallelism()} cores`)
  for (const question of QUESTIONS) {
    const { name, asks } = question
    if (positionals.length > 0 && !positionals.includes(name)) continue
    console.log(`\n${name}: ${asks}`)
    try {
      const tables = await question.measure({ quick })
      for (const table of tables) printTable(table)
      await keepResults(question, tables, { quick })
    } catch (error) {
      if (error instanceof Skipped) {
        console.log(`skipped: ${error.message}`)
        continue
      }
      console.error(`bench: ${name} went wrong:`, error)
      return 1
    }
  }
  return 0
}
