import type { Orchestrated } from '../programs/orchestrator.ts'
import type { Question, Row } from '../question.ts'
import { reader, wholeRun } from '../whole-run.ts'

/** The last one fails when all are there, and the others take their time to end. */
const failing = (workers: number): string[] => [
  'sh',
  '-c',
  `[ $NAC_BROKER_WORKER != w-${workers} ] || exit 1
   trap 'sleep 0.5; exit 1' TERM
   while :; do sleep 0.2; done`,
]

export const manyWorkers: Question = {
  name: 'many-workers',
  asks: 'What do two hundred workers at a time cost the process that runs them?',
  async measure({ quick }) {
    const workers = quick ? 4 : 200
    const done = await wholeRun({
      command: reader(1),
      workers,
      failurePolicy: { name: 'best_effort', minAgentsRequired: workers },
      status: 'COMPLETE',
    })
    const stopped = await wholeRun({
      command: failing(workers),
      workers,
      failurePolicy: { name: 'fail_fast' },
      status: 'FAILED',
    })
    return [
      {
        title: `${workers} workers: each reads one thing, or all are stopped because one failed`,
        unit: 'ms',
        digits: 0,
        rows: [...delays('read', done), ...delays('stopped', stopped)],
      },
      {
        title: 'The same in memory, with the broker in a thread',
        unit: 'MiB',
        digits: 0,
        rows: [peak('read', done), peak('stopped', stopped)],
      },
    ]
  },
}

function delays(what: string, { loopDelayMs: { p99, max } }: Orchestrated): Row[] {
  return [
    { what: `${what}: event loop delay, p99`, samples: [p99], bar: 'at most 50' },
    { what: `${what}: event loop delay, longest`, samples: [max] },
  ]
}

function peak(what: string, { peakMiB }: Orchestrated): Row {
  return { what: `${what}: the most it ever had`, samples: [peakMiB], bar: 'at most 200' }
}
