import type { Subject } from '../compare.ts'
import { type Lab, startLab } from '../lab.ts'
import { manyCalls } from '../many-calls.ts'
import type { Question, Row } from '../question.ts'
import { compareRates, type Rated } from '../rates.ts'
import { cachedCommand, uncachedCommand } from '../subjects.ts'
import { usageOf } from '../usage.ts'

const FEW = 10
const CLIENTS = 64

export const manyDevices: Question = {
  name: 'many-devices',
  asks: 'Does a broker answer more slowly that has a session on each of a thousand devices?',
  beside: 'a broker with a session on each of ten devices',
  async measure({ quick }) {
    const many = quick ? 12 : 1_000
    const { rounds, calls } = quick ? { rounds: 1, calls: 300 } : { rounds: 20, calls: 10_000 }
    await using lab = await startLab({ devices: FEW })
    const testbed = lab.at('many.yaml')
    await lab.server('device.ts', testbed, JSON.stringify({ devices: many, latencyMs: 0 }))
    const small = await connected(lab, 'few.sock', lab.testbed, FEW)
    const large = await connected(lab, 'many.sock', testbed, many)
    const tables = []
    for (const kind of ['cached', 'uncached'] as const) {
      const rated = ({ devices, pid, ...subjects }: Connected): Rated => ({
        what: `${devices} devices`,
        units: calls,
        round: () => manyCalls(inTurn(subjects[kind]), { calls, inFlight: CLIENTS }),
        takers: { clients: [process.pid], broker: [pid] },
      })
      tables.push(
        ...(await compareRates(rated(small), rated(large), {
          title: `${kind} commands of ${CLIENTS} connections`,
          unit: 'calls',
          rounds,
          warmUpRounds: quick ? 0 : 3,
          bar: 'at least 0.8',
        })),
      )
    }
    return [
      ...tables,
      {
        title: `What ${many} idle sessions cost the broker`,
        unit: 'kB',
        digits: 1,
        rows: [
          large.kilobytesPerSession,
          ...(large.residentPerSession ? [large.residentPerSession] : []),
        ],
      },
    ]
  },
}

interface Connected {
  devices: number
  pid: number | undefined
  cached: Subject[]
  uncached: Subject[]
  kilobytesPerSession: Row
  residentPerSession: Row | undefined
}

/** A broker with a session on each of its devices, and an output of each in its cache. */
async function connected(
  lab: Lab,
  name: string,
  testbed: string,
  devices: number,
): Promise<Connected> {
  const broker = await lab.broker(name, { testbed, maxConnections: devices })
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => lab.client(name)))
  const [first] = clients
  if (!first) throw new Error('there are clients')
  const before = await broker.ask('memory')
  const peakBefore = await usageOf(broker.pid)
  for (let i = 0; i < devices; i += 50) {
    const some = Array.from({ length: Math.min(50, devices - i) }, (_, k) => `sim-${i + k + 1}`)
    await Promise.all(some.map((device) => first.connect(device, { timeoutMs: 600_000 })))
  }
  const held = (await broker.ask('memory')) - before
  const peakAfter = await usageOf(broker.pid)
  const cached: Subject[] = []
  const uncached: Subject[] = []
  for (let i = 0; i < Math.max(devices, CLIENTS); i++) {
    const client = clients[i % CLIENTS] ?? first
    const device = `sim-${(i % devices) + 1}`
    cached.push(await cachedCommand(client, device))
    uncached.push(uncachedCommand(client, device))
  }
  return {
    devices,
    pid: broker.pid,
    cached,
    uncached,
    kilobytesPerSession: {
      what: 'each, held by the broker when the garbage is gone',
      samples: [held / devices / 1000],
    },
    residentPerSession:
      peakBefore && peakAfter
        ? {
            what: 'each, of the most memory that it ever had',
            samples: [((peakAfter.peakMiB - peakBefore.peakMiB) * 1048.576) / devices],
          }
        : undefined,
  }
}

/** One subject after the other, each time the next. */
function inTurn(subjects: readonly Subject[]): Pick<Subject, 'once'> {
  let next = 0
  return {
    once: () => {
      const subject = subjects[next++ % subjects.length]
      if (!subject) throw new Error('there is nothing to ask for')
      return subject.once()
    },
  }
}
