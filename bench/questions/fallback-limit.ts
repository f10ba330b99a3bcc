import { requireNoRefusal, requireSessionLimit } from '../device-witness.ts'
import { fallBack } from '../falling-back.ts'
import type { Question } from '../question.ts'
import { repeat } from '../samples.ts'

const CROWD = { clients: 16, sessions: 4, commands: 25 }
const SMALL_CROWD = { clients: 4, sessions: 2, commands: 25 }

export const fallbackLimit: Question = {
  name: 'fallback-limit',
  asks: 'Do clients that have fallen back keep to what the device allows?',
  beside: "what the device's own log saw",
  ofCrash: true,
  async measure({ quick }) {
    const crowd = quick ? SMALL_CROWD : CROWD
    const { clients, sessions } = crowd
    const samples = await repeat(quick ? 1 : 10, async () => {
      const { log } = await fallBack(crowd)
      return { mostOpen: requireSessionLimit(sessions, log), refused: requireNoRefusal(log) }
    })
    return [
      {
        title: `${clients} processes, a device that allows ${sessions} sessions`,
        unit: 'by the device log',
        digits: 0,
        rows: [
          {
            what: 'most sessions open at once',
            samples: samples.map(({ mostOpen }) => mostOpen),
            bar: `at most ${sessions}, or this fails`,
          },
          {
            what: 'refused logins',
            samples: samples.map(({ refused }) => refused),
            bar: '0, or this fails',
          },
        ],
      },
    ]
  },
}
