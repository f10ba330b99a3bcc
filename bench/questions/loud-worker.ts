import type { Question } from '../question.ts'
import { repeat } from '../samples.ts'
import { verboseRun } from '../verbose-run.ts'
import { wholeRun } from '../whole-run.ts'

/** A line of a hundred bytes, or a piece of one that never ends. */
const LINE = `${'x'.repeat(99)}\\n`
const NO_LINE = 'x'.repeat(100)

/** Prints no faster than it is read, and lives for so long at least. */
const printing = (text: string, times: number, ms: number): string[] => [
  'node',
  '-e',
  `const text = '${text}'.repeat(500)
   let left = ${times}
   setTimeout(() => {}, ${ms})
   const print = () => {
     while (left-- > 0) if (!process.stdout.write(text)) return process.stdout.once('drain', print)
   }
   print()`,
]

/** How somebody gets what the worker prints. */
type Heard = 'by nobody' | 'by a listener' | 'on stdout'

/** By then a run has loaded all that it will: its broker, and the one in reserve. */
const LIVES_MS = 3_000

export const loudWorker: Question = {
  name: 'loud-worker',
  asks: 'How much memory does a worker cost that prints 100 MB?',
  beside: 'a worker that prints 50 kB and lives as long',
  async measure({ quick }) {
    const bytes = quick ? 5_000_000 : 100_000_000
    const rounds = quick ? 1 : 3
    const peakOf = async (text: string, characters: number, heard: Heard): Promise<number> => {
      const times = characters / (NO_LINE.length * 500)
      const command = printing(text, times, quick ? 0 : LIVES_MS)
      const failurePolicy = { name: 'fail_fast' } as const
      const listening = heard === 'by a listener'
      const run = { command, workers: 1, failurePolicy, status: 'COMPLETE', listening } as const
      const answer = heard === 'on stdout' ? await verboseRun(command) : await wholeRun(run)
      if (heard !== 'by nobody' && answer.characters < characters * 0.98)
        throw new Error(`only ${answer.characters} characters came of ${characters}`)
      return answer.peakMiB
    }
    const more = async (what: string, text: string, heard: Heard) => ({
      what,
      samples: await repeat(rounds, async () => {
        const quiet = await peakOf(text, 50_000, heard)
        return (await peakOf(text, bytes, heard)) - quiet
      }),
      bar: 'at most 20',
    })
    return [
      {
        title: `The most that the orchestrator ever had with a worker that prints ${bytes / 1e6} MB, above that with 50 kB`,
        unit: 'MiB',
        digits: 1,
        rows: [
          ...(quick ? [] : [await more('nobody listens', LINE, 'by nobody')]),
          await more('lines, listened to', LINE, 'by a listener'),
          ...(quick ? [] : [await more('no line end, listened to', NO_LINE, 'by a listener')]),
          await more('nac-broker run --verbose, its stdout read', LINE, 'on stdout'),
        ],
      },
    ]
  },
}
