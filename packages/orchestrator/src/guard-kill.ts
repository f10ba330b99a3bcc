import type { GuardedGroup } from './guard-messages.ts'
import { allProcesses, environmentOf, type ProcessEntry, processEntry } from './process-table.ts'

/**
 * Kills the groups with all that their members have started, in whatever group or session that is by
 * now, and whoever has one of `marks` in its environment. A group whose leader's pid is somebody else's today
 * is left alone.
 */
export function killGroups(
  groups: Iterable<GuardedGroup>,
  marks: ReadonlySet<string> = new Set(),
): void {
  const ids = [...groups].filter(isStillTheSame).map(({ pid }) => pid)
  const others = freezeFamilies(new Set(ids), marks)
  for (const id of ids) send(-id, 'SIGKILL')
  for (const pid of others) send(pid, 'SIGKILL')
}

/**
 * A leader that is gone proves nothing: as long as anybody is left in its group, the system gives its
 * pid to nobody else.
 */
function isStillTheSame({ pid, startTime }: GuardedGroup): boolean {
  const entry = processEntry(pid)
  return entry === undefined || startTime === undefined || entry.startTime === startTime
}

/**
 * Stops them all before anybody is killed: who is stopped starts no more processes, and no parent dies
 * by whom a child can be told. Returns their pids; none where there is no /proc.
 */
function freezeFamilies(ids: ReadonlySet<number>, marks: ReadonlySet<string>): Set<number> {
  const frozen = new Set<number>()
  for (;;) {
    const processes = allProcesses() ?? []
    const marked = marks.size > 0 ? processes.filter(({ pid }) => isMarked(pid, marks)) : []
    const known = [...processes.filter((one) => isMember(one, ids)), ...marked]
    const fresh = familiesOf(known, processes).filter((pid) => !frozen.has(pid))
    if (fresh.length === 0) return frozen
    for (const pid of fresh) {
      send(pid, 'SIGSTOP')
      frozen.add(pid)
    }
  }
}

/** Of one of these groups, or of a session that its leader leads. */
function isMember({ group, session }: ProcessEntry, ids: ReadonlySet<number>): boolean {
  return ids.has(group) || ids.has(session)
}

function isMarked(pid: number, marks: ReadonlySet<string>): boolean {
  return pid !== process.pid && environmentOf(pid).some((variable) => marks.has(variable))
}

/** These and everyone below them. */
function familiesOf(known: readonly ProcessEntry[], processes: readonly ProcessEntry[]): number[] {
  const childrenOf = Map.groupBy(processes, ({ parent }) => parent)
  const family = new Set<number>()
  const add = ({ pid }: ProcessEntry): void => {
    if (family.has(pid)) return
    family.add(pid)
    childrenOf.get(pid)?.forEach(add)
  }
  known.forEach(add)
  return [...family]
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal)
  } catch {
    // It is gone already, or not ours to signal.
  }
}
