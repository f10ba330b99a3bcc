import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Clock, ProbeAnswer } from '@nac-broker/supervisor'
import type { Guard } from '../guard.ts'
import { ProcessGroup } from '../process-group.ts'
import type { WatchSpec } from './watch-spec.ts'

/** More of what a command prints is not looked at. */
const MAX_CHARS = 200
/** Who was killed is gone by then, unless the system holds it. */
const GONE_MS = 1_000

interface AskContext {
  env: NodeJS.ProcessEnv
  guard: Guard
  clock: Clock
  signal: AbortSignal
}

/**
 * Runs the command once; when `signal` is aborted it is killed, with all that it has started, and awaited. Rejects where
 * it says nothing about what is watched: it cannot be started, or was killed.
 */
export async function askCommand(
  { command: [program = '', ...args], live }: WatchSpec,
  { env, guard, clock, signal }: AskContext,
): Promise<ProbeAnswer> {
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'], env })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(0, MAX_CHARS)
  })
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  closed.catch(() => {})
  await once(child, 'spawn')
  const group = new ProcessGroup(child.pid as number, guard)
  const end = (): void => {
    group.signal('SIGKILL')
    // Whoever has left the group may hold it open.
    child.stdout.destroy()
  }
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  try {
    const [code, killedBy] = await closed
    if (killedBy !== null) throw new Error(`${program} was killed by ${killedBy}`)
    return answer(program, { code: code ?? 0, line: said.split('\n', 1)[0]?.trim() ?? '', live })
  } finally {
    signal.removeEventListener('abort', end)
    if (signal.aborted) await whenGone(group, clock)
    group.end()
  }
}

async function whenGone(group: ProcessGroup, clock: Clock): Promise<void> {
  const late = new AbortController()
  const timer = clock.startTimer(GONE_MS, () => late.abort())
  await group.whenEmpty(clock, late.signal).catch(() => {})
  timer.cancel()
}

function answer(
  program: string,
  { code, line, live }: { code: number; line: string; live: readonly string[] | undefined },
): ProbeAnswer {
  if (live) {
    if (live.includes(line)) return { alive: true }
    return { alive: false, cause: `${program} says ${JSON.stringify(line)} (exit code ${code})` }
  }
  return code === 0 ? { alive: true } : { alive: false, cause: `${program}: exit code ${code}` }
}
