/**
 * A run that is watched over HTTP. Asked `where`, it says so when its workers are started; asked `kill`, it kills
 * the broker of now; asked for `memory`, it says what it holds without its broker. Cut off, it ends the run.
 */
import { type Host, processHost, threadHost } from '@nac-broker/broker'
import { run, type RunConfig } from '@nac-broker/orchestrator'
import { type Clock, systemClock } from '@nac-broker/supervisor'
import { heldBytes } from '../held-memory.ts'
import { readyToBeAsked } from './lifetime.ts'

export interface Where {
  /** Of the status server. */
  url: string
  socketPath: string
}

/** A broker that was killed is replaced after a tenth of the pause that it may take: that is not measured. */
const SHORT_PAUSES: Clock = { ...systemClock, random: () => 0.1 }

const [config = '', hostName] = process.argv.slice(2)
const launch = hostName === 'process' ? processHost : threadHost
const asked = JSON.parse(config) as RunConfig
let kill = (): void => {}
const host: Host = (onMessage) => {
  const hosted = launch(onMessage)
  return {
    ...hosted,
    post(message) {
      // Another one may be loaded already.
      if (message.type === 'start') kill = () => hosted.kill()
      hosted.post(message)
    },
  }
}

const where = Promise.withResolvers<Where>()
const over = new AbortController()
let url = ''
const running = run(
  { ...asked, broker: { ...asked.broker, host }, status: { port: 0 } },
  {
    signal: over.signal,
    clock: SHORT_PAUSES,
    onEvent(event) {
      if (event.event === 'status-server') url = event.url
      if (event.event === 'started') where.resolve({ url, socketPath: event.socketPath })
    },
  },
)
await readyToBeAsked(async (message) => {
  if (message === 'where') return where.promise
  if (message === 'memory') return heldBytes()
  kill()
  return 'killed'
})
over.abort()
await running
