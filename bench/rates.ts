import type { Row, Table } from './question.ts'
import { repeat } from './samples.ts'
import { usageOf } from './usage.ts'

/** Something that is done many times. */
export interface Rated {
  readonly what: string
  /** How much is done in a round. */
  readonly units: number
  /** Does it; returns how long that took, in milliseconds. */
  round(): Promise<number>
  /** Whose CPU time it takes, by the names of their parts in it. */
  readonly takers: Readonly<Record<string, readonly (number | undefined)[]>>
}

interface Measured {
  rate: number
  /** For each taker and unit, in microseconds; NaN where the machine keeps no such account. */
  cpuUs: number[]
}

/**
 * Measures both in turn, after rounds that warm them up. The ratio is that of a round: what slows the
 * machine down for longer than that slows both.
 */
export async function compareRates(
  limit: Rated,
  ours: Rated,
  options: { title: string; unit: string; rounds: number; bar?: string; warmUpRounds?: number },
): Promise<Table[]> {
  const { title, unit, rounds, bar, warmUpRounds = 3 } = options
  const pair = async () => ({ limit: await measure(limit), ours: await measure(ours) })
  await repeat(warmUpRounds, pair)
  const pairs = await repeat(rounds, pair)
  const limits = pairs.map((each) => each.limit)
  const own = pairs.map((each) => each.ours)
  const digits = Math.min(...limits.map(({ rate }) => rate)) < 100 ? 1 : 0
  const ratios = pairs.map((each) => each.ours.rate / each.limit.rate)
  return [
    {
      title,
      unit: `${unit} per second`,
      digits,
      rows: [
        { what: limit.what, samples: limits.map(({ rate }) => rate) },
        { what: ours.what, samples: own.map(({ rate }) => rate) },
      ],
    },
    {
      title: 'Its rate in parts of the limit, round by round',
      unit: 'ratio',
      digits: 2,
      rows: [
        {
          what: `${ours.what} / ${limit.what}`,
          samples: ratios,
          ...(bar !== undefined && { bar }),
        },
      ],
    },
    {
      title: 'CPU time of each',
      unit: `microseconds per ${unit.replace(/s$/, '')}`,
      digits: 1,
      rows: [...cpuRows(limit, limits), ...cpuRows(ours, own)],
    },
  ].filter(({ rows }) => rows.length > 0)
}

async function measure(rated: Rated): Promise<Measured> {
  const takers = Object.values(rated.takers)
  const before = await Promise.all(takers.map(cpuMsOf))
  const tookMs = await rated.round()
  const after = await Promise.all(takers.map(cpuMsOf))
  return {
    rate: (rated.units / tookMs) * 1000,
    cpuUs: after.map((ms, i) => ((ms - (before[i] ?? 0)) / rated.units) * 1000),
  }
}

/** NaN where the machine keeps no such account. */
async function cpuMsOf(pids: readonly (number | undefined)[]): Promise<number> {
  const usages = await Promise.all(pids.map(usageOf))
  return usages.reduce((sum, usage) => sum + (usage?.cpuMs ?? Number.NaN), 0)
}

function cpuRows({ what, takers }: Rated, measured: readonly Measured[]): Row[] {
  return Object.keys(takers).flatMap((taker, i) => {
    const samples = measured.map(({ cpuUs }) => cpuUs[i] ?? Number.NaN)
    return samples.some(Number.isNaN) ? [] : [{ what: `${what}: ${taker}`, samples }]
  })
}
