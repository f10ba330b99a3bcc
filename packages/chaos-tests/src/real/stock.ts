import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { systemClock } from '@nac-broker/supervisor'

/** What this process has of the system. */
interface Stock {
  readonly children: ReadonlySet<number>
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
    children: childrenOf(process.pid),
    descriptors: readdirSync('/proc/self/fd').map(openFile),
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
    rssBytes: process.memoryUsage.rss(),
  }
}

function* differences(before: Stock, now: Stock): Generator<string> {
  for (const pid of now.children) if (!before.children.has(pid)) yield `process ${pid} is left`
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

function childrenOf(parent: number): Set<number> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return new Set(pids.filter((pid) => parentOf(pid) === parent).map(Number))
}

/** The name of a program may have spaces and brackets in it: what follows the last one counts. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
