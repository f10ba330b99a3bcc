import { duration, shortened } from '../../../orchestrator/src/report/format.ts'
import type { Cut, Lane, Mark } from '../../../orchestrator/src/report/lane.ts'
import type { TimeAxis } from '../../../orchestrator/src/report/time-axis.ts'
import type { Evidence } from '../schedules/evidence.ts'

const LONGEST_LINE = 60

type Entries = Evidence['deviceLog']

/** For each device its sessions, and below them what was asked in these. */
export function deviceLanes({ began, deviceLog, schedule }: Evidence, axis: TimeAxis): Lane[] {
  const momentOf = (at: string): number => Date.parse(at) - began.at.getTime() + began.atMs
  const names = Array.from({ length: schedule.devices }, (_, index) => `sim-${index + 1}`)
  return names.flatMap((name) => {
    const entries = deviceLog.filter(({ device }) => device === name)
    const { sessions, commands, refusals } = readLog(entries, momentOf, axis.toMs)
    return [
      { name, marks: sessions, cuts: refusals },
      { name: `${name} commands`, marks: commands, cuts: [] },
    ]
  })
}

function readLog(
  entries: Entries,
  momentOf: (at: string) => number,
  endMs: number,
): { sessions: Mark[]; commands: Mark[]; refusals: Cut[] } {
  const sessions: Mark[] = []
  const commands: Mark[] = []
  const refusals: Cut[] = []
  const open = new Map<number, Mark>()
  const running = new Map<number, Mark>()
  for (const entry of entries) {
    const { session, event } = entry
    const atMs = momentOf(entry.at)
    switch (event) {
      case 'login': {
        const title = `session ${session}`
        open.set(session, begun(sessions, { kind: 'session', fromMs: atMs, toMs: endMs, title }))
        break
      }
      case 'command': {
        const title = `session ${session}: "${shortened(entry.line, LONGEST_LINE)}"`
        running.set(session, begun(commands, { kind: 'command', fromMs: atMs, toMs: endMs, title }))
        break
      }
      case 'refused':
        refusals.push({ atMs, title: `refused: ${entry.reason}` })
        break
      case 'output':
        end(running.get(session), atMs, 'answered')
        running.delete(session)
        break
      case 'logout':
        end(open.get(session), atMs, entry.reason)
        end(running.get(session), atMs, 'its session ended')
        running.delete(session)
    }
  }
  return { sessions, commands, refusals }
}

function begun(all: Mark[], mark: Mark): Mark {
  all.push(mark)
  return mark
}

function end(mark: Mark | undefined, atMs: number, how: string): void {
  if (!mark) return
  mark.toMs = atMs
  mark.title += `, ${duration(atMs - mark.fromMs)}: ${how}`
}
