import type { Question } from '../question.ts'
import { wholeRun } from '../whole-run.ts'

/** A line of a hundred bytes, or a piece of one that never ends. */
const LINE = `${'x'.repeat(99)}\\n`
const NO_LINE = 'x'.repeat(100)

/** Prints no faster than it is read. */
const printing = (text: string, times: number): string[] => [
  'node',
  '-e',
  `const text = '${text}'.repeat(500)
   let left = ${times}
   const print = () => {
     while (left-- > 0) if (!process.stdout.write(text)) return process.stdout.once('drain', print)
   }
   print()`,
]

export const loudWorker: Question = {
  name: 'loud-worker',
  asks: 'How much memory does a worker cost that prints 100 MB?',
  beside: 'a worker that prints 50 kB',
  async measure({ quick }) {
    const bytes = quick ? 10_000_000 : 100_000_000
    const times = bytes / (NO_LINE.length * 500)
    const peakOf = async (command: string[], listening: boolean): Promise<number> => {
      const failurePolicy = { name: 'fail_fast' } as const
      const run = { command, workers: 1, failurePolicy, status: 'COMPLETE', listening } as const
      const { peakMiB, characters } = await wholeRun(run)
      if (listening && command !== quiet && characters < bytes * 0.99)
        throw new Error(`only ${characters} characters came of ${bytes}`)
      return peakMiB
    }
    const quiet = printing(LINE, 1)
    const base = await peakOf(quiet, true)
    const more = async (what: string, text: string, listening: boolean) => ({
      what,
      samples: [(await peakOf(printing(text, times), listening)) - base],
      bar: 'at most 20',
    })
    return [
      {
        title: `The most that the orchestrator ever had with a worker that prints ${bytes / 1e6} MB, above that with 50 kB`,
        unit: 'MiB',
        digits: 1,
        rows: [
          await more('nobody listens', LINE, false),
          await more('lines, listened to', LINE, true),
          await more('no line end, listened to', NO_LINE, true),
        ],
      },
    ]
  },
}
