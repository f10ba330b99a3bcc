import { systemClock } from '@nac-broker/supervisor'
import {
  type HostKind,
  startSupervisedLab,
} from '../../packages/chaos-tests/src/supervised-lab.fixture.ts'
import { requireSessionLimit } from '../device-witness.ts'
import { startProgram } from '../program.ts'
import type { Served } from '../programs/reconnecting-clients.ts'
import type { Question } from '../question.ts'
import { repeat } from '../samples.ts'

const PROCESSES = 4
const CLIENTS_PER_PROCESS = 250
const CLIENTS = PROCESSES * CLIENTS_PER_PROCESS
/** More devices than sessions that may be open: those are closed and opened all the time. */
const DEVICES = 12
const SESSION_LIMIT = 10

export const reconnectStorm: Question = {
  name: 'reconnect-storm',
  asks: 'How long until a thousand clients that reconnect at once are all served?',
  async measure({ quick }) {
    const times = []
    const sessions = []
    for (const host of quick ? (['thread'] as const) : (['thread', 'process'] as const)) {
      const samples = await repeat(quick ? 1 : 5, () => storm(host))
      times.push(
        {
          what: `${host}: kill, to the last of them answered from the cache`,
          samples: samples.map(({ cachedMs }) => cachedMs),
          bar: 'at most 3000',
        },
        {
          what: `${host}: kill, to the last of them answered by its device too`,
          samples: samples.map(({ deviceMs }) => deviceMs),
        },
      )
      sessions.push({
        what: `${host}: most sessions open at once`,
        samples: samples.map(({ mostOpen }) => mostOpen),
        bar: `at most ${SESSION_LIMIT}, or this fails`,
      })
    }
    const clients = `${CLIENTS} connections in ${PROCESSES} processes`
    return [
      { title: clients, unit: 'ms', digits: 0, rows: times },
      {
        title: `The same by the log of ${DEVICES} devices`,
        unit: 'sessions',
        digits: 0,
        rows: sessions,
      },
    ]
  },
}

async function storm(
  host: HostKind,
): Promise<{ cachedMs: number; deviceMs: number; mostOpen: number }> {
  await using lab = await startSupervisedLab({
    host,
    maxConnections: SESSION_LIMIT,
    simulator: { devices: DEVICES },
  })
  const { socketPath } = lab.broker
  await using stack = new AsyncDisposableStack()
  const programs = await Promise.all(
    Array.from({ length: PROCESSES }, async (_, i) => {
      const args = [socketPath, CLIENTS_PER_PROCESS, DEVICES, i].map(String)
      return stack.use(await startProgram<Served[]>('reconnecting-clients.ts', ...args))
    }),
  )
  const killedAtMs = systemClock.now()
  lab.kill()
  const served = (await Promise.all(programs.map((program) => program.ask('go')))).flat()
  if (served.length !== CLIENTS) throw new Error(`${served.length} of ${CLIENTS} were served`)
  return {
    cachedMs: Math.max(...served.map(({ cachedAtMs }) => cachedAtMs)) - killedAtMs,
    deviceMs: Math.max(...served.map(({ deviceAtMs }) => deviceAtMs)) - killedAtMs,
    mostOpen: requireSessionLimit(SESSION_LIMIT, lab.log),
  }
}
