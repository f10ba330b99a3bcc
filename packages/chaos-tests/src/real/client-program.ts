/** A client of a schedule in a process of its own: it makes the calls that it is told to make. */
import { type BrokerClient, connect } from '@nac-broker/client'
import { type Clock, systemClock } from '@nac-broker/supervisor'
import { clockFor } from '../chaos-seed.fixture.ts'
import type { FromClient, ToClient } from './client-messages.ts'
import { waitedForProcessorMs } from '../processor-wait.fixture.ts'
import { startLagMeter } from './lag-meter.ts'
import { makeCall } from './schedule-client.ts'

const givenUp = new AbortController()
let shiftMs = 0
const wallTime = (): Date => new Date(systemClock.wallTime().getTime() + shiftMs)
const excuses = { lagMs: startLagMeter(systemClock), waitedMs: waitedForProcessorMs }
let client: BrokerClient | undefined

process.on('message', (message: ToClient) => void hear(message))
process.on('disconnect', () => process.exit())

function tell(message: FromClient): void {
  process.send?.(message)
}

async function hear(message: ToClient): Promise<void> {
  switch (message.type) {
    case 'connect':
      return open(message)
    case 'call': {
      const { id, planned } = message
      if (client)
        tell({ type: 'settled', id, call: await makeCall(client, planned, systemClock, excuses) })
      return
    }
    case 'given-up':
      return givenUp.abort()
    case 'calendar':
      shiftMs = message.shiftMs
      return
    case 'close':
      await client?.close()
      process.disconnect()
  }
}

async function open(message: Extract<ToClient, { type: 'connect' }>): Promise<void> {
  const { seed, number, env, testbed, connectTimeoutMs } = message
  const clock: Clock = { ...clockFor(seed, number), wallTime }
  try {
    const options = { env, testbed, connectTimeoutMs, clock, givenUp: givenUp.signal }
    const opened = await connect(options)
    opened.lost.addEventListener('abort', () => tell({ type: 'lost' }))
    void tellWhenDirect(opened)
    client = opened
    tell({ type: 'connected' })
  } catch (error) {
    tell({ type: 'not-connected', message: String(error) })
  }
}

async function tellWhenDirect(opened: BrokerClient): Promise<void> {
  for await (const { event } of opened.events()) if (event === 'direct') tell({ type: 'direct' })
}
