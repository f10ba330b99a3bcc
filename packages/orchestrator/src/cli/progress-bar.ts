import { systemClock } from '@nac-broker/supervisor'
import cliTruncate from 'cli-truncate'
import { duration } from './duration.ts'
import { LiveLines } from './live-lines.ts'
import { canBeLive, printLine, printToStderr } from './output.ts'

export interface Progress {
  /** How much is done by now. */
  update(done: number): void
  /** Prints a line in between. */
  say(line: string): void
  /** Prints what is logged. */
  log(text: string): void
  /** Idempotent. */
  stop(): void
}

/** A bar on a terminal; elsewhere a line for each tenth. */
export function progress(what: string, total: number): Progress {
  return canBeLive() ? liveBar(what, total) : tenths(what, total)
}

/** A bar on a terminal, else nothing: for who prints lines of their own. */
export function bar(what: string, total: number): Progress {
  return canBeLive()
    ? liveBar(what, total)
    : { update() {}, say: printLine, log: printToStderr, stop() {} }
}

/** So many columns, filled as far as it is done. */
export function barOf(done: number, total: number, columns: number): string {
  const filled = total === 0 ? columns : Math.floor((done / total) * columns)
  return '█'.repeat(filled) + '░'.repeat(columns - filled)
}

function liveBar(what: string, total: number): Progress {
  const startedMs = systemClock.now()
  let done = 0
  const live = new LiveLines(({ columns }) => {
    const time = duration(systemClock.now() - startedMs)
    const line = `${barOf(done, total, 40)} ${done} of ${total} ${what}, ${time}`
    return [cliTruncate(line, columns)]
  })
  return {
    update: (now) => (done = now),
    say: (line) => live.above(() => printLine(line)),
    log: (text) => live.above(() => printToStderr(text)),
    stop: () => live[Symbol.dispose](),
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
    log: printToStderr,
    stop() {},
  }
}
