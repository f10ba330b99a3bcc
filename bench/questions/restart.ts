import { connect } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'
import {
  type HostKind,
  startSupervisedLab,
} from '../../packages/chaos-tests/src/supervised-lab.fixture.ts'
import { loginsOf } from '../device-witness.ts'
import { answerAfterRestart, requireNonce } from '../nonce.ts'
import type { Question } from '../question.ts'
import { repeat } from '../samples.ts'

const CONNECTIONS = 100
const DEVICES = 4

export const restart: Question = {
  name: 'restart',
  asks: "How long is a hundred clients' gap when their broker is killed and restarted?",
  ofCrash: true,
  async measure({ quick }) {
    const gaps = []
    const logins = []
    for (const host of quick ? (['thread'] as const) : (['thread', 'process'] as const)) {
      const samples = await repeat(quick ? 1 : 20, () => killAndReconnect(host))
      gaps.push({
        what: `${host}: kill, to the first answered call of each client`,
        samples: samples.flatMap(({ gapsMs }) => gapsMs),
        bar: 'median at most 250, p99 at most 1000',
      })
      logins.push({
        what: `${host}: logins to each device by the next broker`,
        samples: samples.flatMap((each) => each.logins),
        bar: 'at most 1, or this fails',
      })
    }
    return [
      {
        title: `${CONNECTIONS} connections, the output in the cache`,
        unit: 'ms',
        digits: 0,
        rows: gaps,
      },
      {
        title: 'The same by the device log, after each client has then read something new',
        unit: 'logins',
        digits: 0,
        rows: logins,
      },
    ]
  },
}

async function killAndReconnect(host: HostKind): Promise<{ gapsMs: number[]; logins: number[] }> {
  await using lab = await startSupervisedLab({ host, simulator: { devices: DEVICES } })
  await using stack = new AsyncDisposableStack()
  const { socketPath } = lab.broker
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, i) => {
      const client = stack.use(await connect({ socketPath }))
      const device = `sim-${(i % DEVICES) + 1}`
      const known = await client.execute(device, 'show nonce bench')
      requireNonce(known, 'bench')
      return { client, device, known: known.output, word: `new-${i}` }
    }),
  )
  // As in a run that has gone on for a while: the next broker is loaded already.
  await systemClock.sleep(1_000)
  const before = lab.log.length
  const killedAtMs = systemClock.now()
  lab.kill()
  const answered = await Promise.all(
    clients.map(({ client, device, known }) => answerAfterRestart(client, device, known)),
  )
  await Promise.all(
    clients.map(async ({ client, device, word }) =>
      requireNonce(await client.execute(device, `show nonce ${word}`, { cache: false }), word),
    ),
  )
  const after = lab.log.slice(before)
  const logins = lab.simulator.devices.map(({ name }) => loginsOf(name, after))
  if (Math.max(...logins) > 1)
    throw new Error(`a device was logged in to again: ${logins.join(', ')}`)
  return { gapsMs: answered.map(({ atMs }) => atMs - killedAtMs), logins }
}
