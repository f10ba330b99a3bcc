import { readFileSync, readlinkSync } from 'node:fs'

/** A process, told from a later one with the same pid. */
export interface ProcessIdentity {
  /** Inode of its pid namespace; empty where the system has none (macOS). */
  readonly pidNamespace: string
  readonly pid: number
  /** Clock ticks from boot to its start; null where there is no /proc: a reused pid looks alive. */
  readonly startTicks: number | null
}

/** Who holds something in the store: a process, or a broker of a generation inside it. */
export interface Owner extends ProcessIdentity {
  /** Null for a direct client. */
  readonly generation: number | null
}

/** The processes of a machine, as far as they can hold something in a store. */
export interface Processes {
  /** The one that asks. */
  readonly self: ProcessIdentity
  /** Whether it is certainly dead. */
  isGone(identity: ProcessIdentity): boolean
}

/** Those of this machine. */
export const systemProcesses: Processes = {
  get self() {
    return identify(process.pid)
  },
  isGone: processIsGone,
}

export function ownerOf(generation: number | null, pid: number = process.pid): Owner {
  return { ...identify(pid), generation }
}

export function identify(pid: number): ProcessIdentity {
  return { pidNamespace: ownNamespace(), pid, startTicks: statusOf(pid)?.startTicks ?? null }
}

/**
 * Whether it is certainly dead. A stopped process is not, nor is one of another pid namespace, whose
 * pids mean nothing here.
 */
export function processIsGone({ pidNamespace, pid, startTicks }: ProcessIdentity): boolean {
  if (pidNamespace !== ownNamespace()) return false
  if (!exists(pid)) return true
  const status = statusOf(pid)
  if (status === undefined || startTicks === null) return false
  return status.startTicks !== startTicks || status.dead
}

/** Whether it certainly lives, and may be signalled by its pid. */
export function processIsAlive({ pidNamespace, pid, startTicks }: ProcessIdentity): boolean {
  if (pidNamespace !== ownNamespace() || startTicks === null) return false
  const status = statusOf(pid)
  return status !== undefined && status.startTicks === startTicks && !status.dead
}

/** "pid 12 (generation 3)", for messages. */
export function describeOwner({ pid, generation }: Owner): string {
  return generation === null ? `pid ${pid} (direct)` : `pid ${pid} (generation ${generation})`
}

let namespace: string | undefined

function ownNamespace(): string {
  if (namespace !== undefined) return namespace
  try {
    // "pid:[4026531836]"
    namespace = readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '')
  } catch {
    namespace = ''
  }
  return namespace
}

/** A zombie still exists, and so does a process that /proc hides from us (hidepid). */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Fields of /proc/PID/stat, counted from the state, which follows the name in parentheses: proc(5). */
const STATE = 0
const THREADS = 17
const START_TICKS = 19

function statusOf(pid: number): { dead: boolean; startTicks: number } | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The name may itself contain ") ".
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const zombie = fields[STATE] === 'Z' || fields[STATE] === 'X'
  // Files and sockets stay open until the last thread is gone.
  return { dead: zombie && Number(fields[THREADS]) <= 1, startTicks: Number(fields[START_TICKS]) }
}
