import { fallBack, type FallenBack } from '../falling-back.ts'
import type { Question } from '../question.ts'
import { repeat } from '../samples.ts'

const CROWD = { clients: 8, sessions: 1, commands: 50 }
const SMALL_CROWD = { clients: 4, sessions: 1, commands: 50 }

export const fallbackFairness: Question = {
  name: 'fallback-fairness',
  asks: 'Do clients that have fallen back share a single session fairly?',
  ofCrash: true,
  async measure({ quick }) {
    const crowd = quick ? SMALL_CROWD : CROWD
    const { clients, commands } = crowd
    const samples = await repeat(quick ? 1 : 10, async () =>
      jainIndex(progressOf(await fallBack(crowd))),
    )
    return [
      {
        title: `${clients} processes, a device that allows 1 session, ${commands} commands each; all finished`,
        unit: 'Jain index',
        digits: 3,
        rows: [
          {
            what: 'answers that each had when the first one had all of its own',
            samples,
            bar: 'over 0.9',
          },
        ],
      },
    ]
  },
}

/**
 * How many answers each client had when the first one had its last: until then all of them wanted the
 * session. (At the end all have the same, whoever had to wait.)
 */
function progressOf({ answeredAtMs }: FallenBack): number[] {
  const firstDoneAtMs = Math.min(...answeredAtMs.map((each) => each.at(-1) ?? Infinity))
  return answeredAtMs.map((each) => each.filter((atMs) => atMs <= firstDoneAtMs).length)
}

/** 1 when all have got as far, 1/n when one alone has got anywhere (Jain, Chiu and Hawe 1984). */
function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0)
  const squares = shares.reduce((total, share) => total + share * share, 0)
  return sum ** 2 / (shares.length * squares)
}
