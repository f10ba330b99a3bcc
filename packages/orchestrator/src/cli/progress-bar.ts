import { SingleBar } from 'cli-progress'
import { printLine } from './output.ts'

export interface Progress {
  /** How much is done by now. */
  update(done: number): void
  /** Prints a line in between. */
  say(line: string): void
  /** Idempotent. */
  stop(): void
}

/** A bar on a terminal; elsewhere a line for each tenth. */
export function progress(what: string, total: number): Progress {
  return process.stderr.isTTY ? bar(what, total) : tenths(what, total)
}

/** A bar on a terminal, else nothing: for who prints lines of their own. */
export function bar(what: string, total: number): Progress {
  if (!process.stderr.isTTY) return { update() {}, say: printLine, stop() {} }
  const single = new SingleBar({
    format: `{bar} {value} of {total} ${what}, {duration_formatted}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  })
  single.start(total, 0)
  let drawn = true
  let done = 0
  const stop = (): void => {
    // Stopped twice, it would put the cursor back to where the bar was.
    if (drawn) single.stop()
    drawn = false
  }
  return {
    update: (now) => single.update((done = now)),
    say(line) {
      const goesOn = drawn
      stop()
      printLine(line)
      if (goesOn) single.start(total, done)
      drawn = goesOn
    },
    stop,
  }
}

function tenths(what: string, total: number): Progress {
  let printed = 0
  return {
    update(done) {
      const tenth = Math.floor((done * 10) / total)
      if (tenth === printed) return
      printed = tenth
      printLine(`${done} of ${total} ${what}`)
    },
    say: printLine,
    stop() {},
  }
}
