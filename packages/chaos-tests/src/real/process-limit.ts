import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { undoLeftByTheDead } from './left-by-the-dead.ts'
import { oncePerProcess } from './once-per-process.ts'

const PREFIX = 'nac-broker-chaos-'

/** Where this process and those that it starts can be refused more of them, threads included. */
export interface ProcessLimit extends Disposable {
  /** Whether the system refuses (EAGAIN) whoever is started from now on. */
  refuse(refused: boolean): void
  /** A process of ours that starts threads as it likes. */
  exempt(pid: number): void
}

/**
 * By a control group of its own, as the limit for a user does not hold for root; undefined where none can be
 * had, which is told.
 */
export function limitProcesses(): ProcessLimit | undefined {
  try {
    const outer = ownGroup()
    undoLeftByTheDead(outer, PREFIX, rmdirSync)
    const group = path.join(outer, `${PREFIX}${process.pid}`)
    enablePids(outer)
    mkdirSync(group, { recursive: true })
    const refuse = (refused: boolean): void =>
      writeFileSync(path.join(group, 'pids.max'), refused ? '0' : 'max', { flag: 'r+' })
    try {
      makeUsable(group)
      refuse(false)
      move(process.pid, group)
    } catch (error) {
      rmdirSync(group)
      throw error
    }
    return {
      refuse,
      exempt: (pid) => move(pid, outer),
      [Symbol.dispose]() {
        move(process.pid, outer)
        rmdirSync(group)
      },
    }
  } catch (error) {
    tellUnavailable(String(error))
    return undefined
  }
}

const tellUnavailable = oncePerProcess((why) => {
  process.emitWarning(`faults of refused processes do nothing here: no control group (${why})`)
})

/** Of the first version of control groups, where each controller has its own tree, or else of the second. */
function ownGroup(): string {
  const groups = readFileSync('/proc/self/cgroup', 'utf8').split('\n')
  const paths = groups.map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? [])
  const own = paths.find(([, controllers]) => controllers?.split(',').includes('pids'))
  if (own?.[2] !== undefined) return path.join('/sys/fs/cgroup/pids', own[2])
  const unified = paths.find(([, controllers]) => controllers === '')
  return path.join('/sys/fs/cgroup', unified?.[2] ?? '')
}

/** The second version counts processes only in groups whose parent says so; the first always does. */
export function enablePids(outer: string): void {
  const file = path.join(outer, 'cgroup.subtree_control')
  if (!existsSync(file)) return
  if (!readFileSync(file, 'utf8').trim().split(' ').includes('pids')) writeFileSync(file, '+pids')
}

/** Below a group that has processes of its own, the second version takes only threaded groups. */
function makeUsable(group: string): void {
  const file = path.join(group, 'cgroup.type')
  if (existsSync(file) && readFileSync(file, 'utf8').trim() === 'domain invalid') {
    writeFileSync(file, 'threaded')
  }
}

function move(pid: number, group: string): void {
  writeFileSync(path.join(group, 'cgroup.procs'), String(pid))
}
