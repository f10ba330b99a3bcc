/**
 * A process whose group ends by the signals of that process. One member ends at once, the other with
 * the second signal; then it says what became of them and how many listeners the group left behind.
 */
import { runGroup } from './run-group.ts'
import { obedient } from './supervised.fixture.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
const listeners = (): number => SIGNALS.reduce((sum, name) => sum + process.listenerCount(name), 0)

let received = 0
const twice = new Promise<void>((resolve) => {
  for (const name of SIGNALS) process.on(name, () => void (++received === 2 && resolve()))
})
const before = listeners()

// The pipe to the test keeps this process alive until then.
process.stdin.resume()
const ending = runGroup(
  [
    { name: 'prompt', serve: obedient },
    {
      name: 'slow',
      async serve(run) {
        await obedient(run)
        process.stdout.write('ending\n')
        await twice
      },
    },
  ],
  { installSignals: true },
)
process.stdout.write('running\n')
const result = await ending
process.stdout.write(`${JSON.stringify({ ...result, leftBehind: listeners() - before })}\n`)
process.stdin.destroy()
