/**
 * A client of a broker and of an echo server. Ready when it is connected to both; asked, it makes so many
 * calls of the one kind, one at a time, and says when it began and ended.
 */
import { connect } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'
import { echoSubject } from '../echo-client.ts'
import { manyCalls } from '../many-calls.ts'
import { cachedCommand } from '../subjects.ts'
import { readyToBeAsked } from './lifetime.ts'

export interface Calls {
  to: 'echo' | 'broker'
  calls: number
}

/** On the clock. */
export interface Span {
  beganAtMs: number
  endedAtMs: number
}

const [echoSocket = '', socketPath] = process.argv.slice(2)
// Many come at once.
await using client = await connect({ socketPath, connectTimeoutMs: 60_000 })
using echo = await echoSubject(echoSocket)
const subjects = { echo, broker: await cachedCommand(client) }

await readyToBeAsked(async (message): Promise<Span> => {
  const { to, calls } = message as Calls
  const beganAtMs = systemClock.now()
  const tookMs = await manyCalls(subjects[to], { calls, inFlight: 1 })
  return { beganAtMs, endedAtMs: beganAtMs + tookMs }
})
