import { readdirSync, readlinkSync } from 'node:fs'
import { systemClock } from '@nac-broker/supervisor'
import { allPids, commandLineOf, readIfThere } from './system-processes.ts'

/** What this process has of the system. */
interface Stock {
  /** Those that it has started, and those that bear its mark, whoever their parent is by now. */
  readonly processes: ReadonlySet<number>
  /** What each is of. */
  readonly descriptors: readonly string[]
  readonly timers: number
  readonly rssBytes: number
}

/** How long what is being closed may take. */
const SETTLE_MS = 3_000
const LOOK_EVERY_MS = 20

/** Takes stock; given an earlier one, waits until nothing is there that was not, or not for long. */
export async function takeStock(
  before?: Stock,
): Promise<Stock & { leftSince: string[]; grownBytes: number }> {
  const endMs = systemClock.now() + SETTLE_MS
  for (;;) {
    const now = stock()
    const leftSince = before ? difference(before, now) : []
    if (leftSince.length === 0 || systemClock.now() > endMs) {
      return { ...now, leftSince, grownBytes: now.rssBytes - (before?.rssBytes ?? now.rssBytes) }
    }
    // oxlint-disable-next-line no-await-in-loop -- it looks again
    await systemClock.sleep(LOOK_EVERY_MS)
  }
}

function stock(): Stock {
  return {
    processes: ourProcesses(),
    descriptors: readdirSync('/proc/self/fd').map(openFile),
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
    rssBytes: process.memoryUsage.rss(),
  }
}

function* differences(before: Stock, now: Stock): Generator<string> {
  for (const pid of now.processes)
    if (!before.processes.has(pid)) yield `process ${pid} is left: ${commandLineOf(pid)}`
  const descriptors = now.descriptors.length - before.descriptors.length
  const known = new Set(before.descriptors)
  const which = now.descriptors.filter((name) => !known.has(name)).join(', ')
  if (descriptors > 0) yield `${descriptors} descriptors are left, among them ${which}`
  const timers = now.timers - before.timers
  if (timers > 0) yield `${timers} timers are left`
}

function difference(before: Stock, now: Stock): string[] {
  return [...differences(before, now)]
}

function openFile(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    return 'gone'
  }
}

/** Of a process whose parent has ended the environment still tells that it is of this run. */
const MARK = 'NAC_BROKER_CHAOS_RUNNER'

function ourProcesses(): Set<number> {
  process.env[MARK] = String(process.pid)
  const mark = `${MARK}=${process.pid}`
  const others = allPids().filter((pid) => pid !== process.pid)
  const isOurs = (pid: number): boolean =>
    parentOf(pid) === process.pid || readIfThere(pid, 'environ').split('\0').includes(mark)
  return new Set(others.filter(isOurs))
}

/** The name of a program may have spaces and brackets in it: what follows the last one counts. */
function parentOf(pid: number): number {
  const stat = readIfThere(pid, 'stat')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}
