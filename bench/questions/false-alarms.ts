import {
  type HeldUp,
  holdUpBroker,
  holdUpClient,
  holdUpSupervisor,
} from '../../packages/chaos-tests/src/false-alarms.fixture.ts'
import { stopMachine } from '../../packages/chaos-tests/src/stopped-machine.fixture.ts'
import type { Question } from '../question.ts'
import { repeat } from '../samples.ts'

const BLOCKED = [
  { what: "the client's loop blocked for 1 s", holdUp: () => holdUpClient() },
  { what: "the supervisor's, its broker in a thread", holdUp: () => holdUpSupervisor('thread') },
  { what: "the supervisor's, its broker in a process", holdUp: () => holdUpSupervisor('process') },
  { what: "the broker's, in a thread", holdUp: () => holdUpBroker('thread') },
  { what: "the broker's, in a process", holdUp: () => holdUpBroker('process') },
]
const STOPPED = { what: 'every process stopped for 5 s', holdUp: stopMachine }

export const falseAlarms: Question = {
  name: 'false-alarms',
  asks: 'Is a broker taken for lost when somebody was merely held up?',
  ofCrash: true,
  async measure({ quick }) {
    const heldUp: { what: string; tries: HeldUp[] }[] = []
    // The one that takes least, where it is to be quick.
    for (const { what, holdUp } of quick ? BLOCKED.slice(0, 1) : [...BLOCKED, STOPPED]) {
      // oxlint-disable-next-line no-await-in-loop -- they would hold each other up
      heldUp.push({ what, tries: await repeat(quick ? 1 : 20, () => unblamed(what, holdUp)) })
    }
    return [
      {
        title: 'Default heartbeats: taken for lost, by whomever',
        unit: 'times in a try',
        digits: 0,
        rows: heldUp.map(({ what, tries }) => ({
          what,
          samples: tries.map(({ alarms }) => alarms.length),
          bar: '0, or this fails',
        })),
      },
      {
        title: 'Until the broker has answered whoever asks it then',
        unit: 'ms',
        digits: 1,
        rows: heldUp.map(({ what, tries }) => ({
          what,
          samples: tries.map(({ answeredMs }) => answeredMs),
        })),
      },
    ]
  },
}

async function unblamed(what: string, holdUp: () => Promise<HeldUp>): Promise<HeldUp> {
  const heldUp = await holdUp()
  if (heldUp.alarms.length === 0) return heldUp
  throw new Error(`${what}, and somebody was taken for lost: ${heldUp.alarms.join('; ')}`)
}
