import { asBrokerError } from '@nac-broker/protocol'
import { connect } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'
import type { Call, JournalEntry } from './journal.ts'
import { answers, type Share, shareOf } from './workload.ts'

// A test as the demo has it: it runs its commands one after the other, and says how each one went.
const share = JSON.parse(process.argv[2] ?? '') as Share
const stop = new AbortController()
// Told to end it still says what became of its last command.
process.once('SIGTERM', () => stop.abort())
let losses = 0
tell({ entry: 'started', pid: process.pid })
const broker = await connect()
const events = broker.events()
// The first one says how the client stands; from then on none is missed.
await events.next()
tell({ entry: 'connected' })
const watched = watch()
for (const { device, command } of shareOf(share)) {
  if (stop.signal.aborted || broker.lost.aborted) break
  const call = await ask(device, command)
  if (!isWell(call)) process.exitCode = 1
  tell({ entry: 'call', ...call })
}
await broker.close()
await watched

async function watch(): Promise<void> {
  for await (const { event } of events) {
    if (event !== 'lost') continue
    losses++
    tell({ entry: 'lost', atMs: systemClock.now() })
  }
}

async function ask(device: string, command: string): Promise<Call> {
  const lossesBefore = losses
  try {
    const { output, ...result } = await broker.execute(device, command)
    const { cached, via, attempts, generation } = result
    const answer = answers(command, output) ? 'right' : 'wrong'
    const endedMs = systemClock.now()
    return { device, command, endedMs, answer, cached, via, attempts, generation }
  } catch (error) {
    const { code, message } = asBrokerError(error)
    const acrossLoss = losses > lossesBefore
    return { device, command, endedMs: systemClock.now(), code, message, acrossLoss }
  }
}

/** Where nobody knows whether a change was made a test looks at the device; it has not failed. */
function isWell(call: Call): boolean {
  return 'answer' in call ? call.answer === 'right' : call.code === 'OUTCOME_UNKNOWN'
}

function tell(entry: JournalEntry): void {
  process.stdout.write(`${JSON.stringify(entry)}\n`)
}
