import { connect } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'
import {
  type HostKind,
  startSupervisedLab,
} from '../../packages/chaos-tests/src/supervised-lab.fixture.ts'
import { requireNonce } from '../nonce.ts'
import type { Question, Row } from '../question.ts'
import { repeat } from '../samples.ts'
import { watchStandings } from '../standings.ts'

const STALLS = { thread: 'thread in an endless loop', process: 'process SIGSTOPped' } as const
const BAR = 'at most 2000'
/** The default; stalls begin anywhere between two heartbeats. */
const HEARTBEAT_INTERVAL_MS = 500

export const brokerStalled: Question = {
  name: 'broker-stalled',
  asks: 'How soon is a broker that is alive and does nothing taken for lost?',
  ofCrash: true,
  async measure({ quick }) {
    const times = quick ? 1 : 30
    const rows = await rowsOf('thread', times)
    if (!quick) rows.push(...(await rowsOf('process', times)))
    return [{ title: 'Default heartbeats', unit: 'ms', digits: 0, rows }]
  },
}

async function rowsOf(host: HostKind, times: number): Promise<Row[]> {
  const samples = await repeat(times, () => stall(host))
  return [
    {
      what: `${STALLS[host]}: noticed by the client`,
      samples: samples.map(({ clientMs }) => clientMs),
      bar: BAR,
    },
    {
      what: `${STALLS[host]}: noticed by the supervisor`,
      samples: samples.map(({ supervisorMs }) => supervisorMs),
      bar: BAR,
    },
  ]
}

async function stall(host: HostKind): Promise<{ clientMs: number; supervisorMs: number }> {
  await using lab = await startSupervisedLab({ host })
  await using client = await connect({ socketPath: lab.broker.socketPath })
  const standings = await watchStandings(client)
  const lost = lab.next('broker-lost').then(({ message }) => ({ message, atMs: systemClock.now() }))
  await systemClock.sleep(systemClock.random() * HEARTBEAT_INTERVAL_MS)
  const stalledAtMs = systemClock.now()
  if (host === 'thread') lab.inflict('endless loop')
  else process.kill(lab.pid, 'SIGSTOP')
  const clientAtMs = await standings.becomes('lost')
  const { message, atMs: supervisorAtMs } = await lost
  if (!message.includes('stalled')) throw new Error(`lost for another reason: ${message}`)
  requireNonce(await client.execute('sim-1', 'show nonce after'), 'after')
  return { clientMs: clientAtMs - stalledAtMs, supervisorMs: supervisorAtMs - stalledAtMs }
}
