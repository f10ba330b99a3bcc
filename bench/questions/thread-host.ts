import type { BrokerClient } from '@nac-broker/client'
import { bulkReader, BULK_BYTES } from '../bulk.ts'
import { compare } from '../compare.ts'
import { type Lab, startLab } from '../lab.ts'
import { manyCalls } from '../many-calls.ts'
import type { Question, Table } from '../question.ts'
import { compareRates, type Rated } from '../rates.ts'
import { summarise } from '../samples.ts'
import { cachedCommand, uncachedCommand } from '../subjects.ts'

const HOSTS = ['inline', 'thread'] as const
const IN_FLIGHT = 32
const MEGABYTES = BULK_BYTES / 1e6

export const threadHost: Question = {
  name: 'thread-host',
  asks: "What does it cost that a broker's death is not its orchestrator's?",
  beside:
    "the same broker on its process's own event loop (`inline`), where its death is that of the process",
  async measure({ quick }) {
    const sampling = quick
      ? { rounds: 3, perRound: 50, warmUpRounds: 2 }
      : { rounds: 100, perRound: 100 }
    const calls = quick ? 1_000 : 10_000
    await using lab = await startLab({ logged: true })
    const hosted = []
    for (const host of HOSTS) {
      const { pid } = await lab.broker(`${host}.sock`, { host, crashPolicy: 'abort' })
      const client = await lab.client(`${host}.sock`)
      const cached = await cachedCommand(client)
      hosted.push({ host, pid, client, cached, uncached: uncachedCommand(client) })
    }
    const subjects = hosted.flatMap(({ cached, uncached }) => [cached, uncached])
    const samples = await compare(subjects, sampling)
    const rows = subjects.map(({ name }, i) => ({
      what: `${HOSTS[Math.floor(i / 2)]}: ${name}`,
      samples: (samples[i] ?? []).map((ms) => ms * 1000),
    }))
    const [cachedInline = 0, uncachedInline = 0, cachedThread = 0, uncachedThread = 0] = rows.map(
      (row) => summarise(row.samples).median,
    )
    const [inline, thread] = hosted.map(({ host, pid, cached }): Rated => ({
      what: host,
      units: calls,
      round: () => manyCalls(cached, { calls, inFlight: IN_FLIGHT }),
      takers: { client: [process.pid], broker: [pid] },
    }))
    if (!inline || !thread) throw new Error('two hosts are compared')
    const rates = await compareRates(inline, thread, {
      title: `Cached commands, ${IN_FLIGHT} in flight`,
      unit: 'calls',
      rounds: quick ? 3 : 30,
      warmUpRounds: quick ? 1 : 3,
    })
    return [
      { title: 'One call at a time', unit: 'microseconds', digits: 1, rows },
      {
        title: 'Ratios of the medians',
        unit: 'ratio',
        digits: 2,
        rows: [
          { what: 'cached command, thread / inline', samples: [cachedThread / cachedInline] },
          { what: 'uncached command, thread / inline', samples: [uncachedThread / uncachedInline] },
        ],
      },
      ...rates,
      ...(quick ? [] : await longOutputs(lab, hosted)),
    ]
  },
}

interface Hosted {
  host: (typeof HOSTS)[number]
  pid: number | undefined
  client: BrokerClient
}

async function longOutputs(lab: Lab, hosted: readonly Hosted[]): Promise<Table[]> {
  const rated = []
  for (const { host, pid, client } of hosted) {
    const read = await bulkReader(lab, client)
    rated.push({
      what: `${host}, from the device`,
      units: MEGABYTES,
      round: () => read({ cache: false }),
      takers: { client: [process.pid], broker: [pid] },
    })
  }
  const [inline, thread] = rated
  if (!inline || !thread) throw new Error('two hosts are compared')
  return compareRates(inline, thread, {
    title: 'An output of 20 MB, over SSH',
    unit: 'megabytes',
    rounds: 10,
    warmUpRounds: 2,
  })
}
