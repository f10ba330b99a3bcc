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

const CROWD = { processes: 4, perProcess: 250 }
const SMALL_CROWD = { processes: 2, perProcess: 100 }
/** More devices than sessions that may be open: those are closed and opened all the time. */
const DEVICES = 12
const SESSION_LIMIT = 10

export const reconnectStorm: Question = {
  name: 'reconnect-storm',
  asks: 'How long until a thousand clients that reconnect at once are all served?',
  ofCrash: true,
  async measure({ quick }) {
    const crowd = quick ? SMALL_CROWD : CROWD
    const times = []
    const sessions = []
    for (const host of quick ? (['thread'] as const) : (['thread', 'process'] as const)) {
      const samples = await repeat(quick ? 1 : 5, () => storm(host, crowd))
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
    const clients = `${crowd.processes * crowd.perProcess} connections in ${crowd.processes} processes`
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
  { processes, perProcess }: typeof CROWD,
): Promise<{ cachedMs: number; deviceMs: number; mostOpen: number }> {
  await using lab = await startSupervisedLab({
    host,
    maxConnections: SESSION_LIMIT,
    simulator: { devices: DEVICES },
  })
  const { socketPath } = lab.broker
  await using stack = new AsyncDisposableStack()
  const programs = await Promise.all(
    Array.from({ length: processes }, async (_, i) => {
      const args = [socketPath, perProcess, DEVICES, i].map(String)
      return stack.use(await startProgram<Served[]>('reconnecting-clients.ts', ...args))
    }),
  )
  const killedAtMs = systemClock.now()
  lab.kill()
  const served = (await Promise.all(programs.map((program) => program.ask('go')))).flat()
  const clients = processes * perProcess
  if (served.length !== clients) throw new Error(`${served.length} of ${clients} were served`)
  return {
    cachedMs: Math.max(...served.map(({ cachedAtMs }) => cachedAtMs)) - killedAtMs,
    deviceMs: Math.max(...served.map(({ deviceAtMs }) => deviceAtMs)) - killedAtMs,
    mostOpen: requireSessionLimit(SESSION_LIMIT, lab.log),
  }
}
