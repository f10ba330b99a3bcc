import { readFileSync } from 'node:fs'
import type { Row, Table } from './question.ts'
import type { Usage } from './usage.ts'

const IN_ALL = 'In all, starting and warming up included'
const MEMORY = 'The memory of a process'

/** Whether a table is one of those that every question has. */
export function isOfWholeQuestion({ title }: Pick<Table, 'title'>): boolean {
  return title === IN_ALL || title === MEMORY
}

/** Of the programs that have ended, by their files: of several of the same file the one that had most. */
const ended = new Map<string, number>()

export function programEnded(file: string, usage: Usage | undefined): void {
  if (usage) ended.set(file, Math.max(ended.get(file) ?? 0, usage.peakMiB))
}

/** What a question has taken of its machine beside time, in a process that has asked nothing else. */
export function wholeQuestion(): Table[] {
  const what = 'the measuring process'
  const own = process.cpuUsage()
  const children = childrenCpuSeconds()
  const cpu: Row[] = [
    { what, samples: [(own.user + own.system) / 1e6] },
    ...(children === undefined ? [] : [{ what: 'all that it started', samples: [children] }]),
  ]
  const memory: Row[] = [
    { what, samples: [process.resourceUsage().maxRSS / 1024] },
    ...Array.from(ended, ([file, peakMiB]) => ({ what: file, samples: [peakMiB] })),
  ]
  return [
    {
      title: IN_ALL,
      unit: 'CPU seconds',
      digits: 1,
      rows: cpu,
    },
    { title: MEMORY, unit: 'MiB at most', digits: 0, rows: memory },
  ]
}

/** Of those that have ended; undefined where the machine keeps no such account. */
function childrenCpuSeconds(): number | undefined {
  try {
    // The name, in brackets, may hold anything.
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (Number(fields[13]) + Number(fields[14])) / TICKS_A_SECOND
  } catch {
    return undefined
  }
}

/** Linux counts in these on every processor that Node runs on. */
const TICKS_A_SECOND = 100
