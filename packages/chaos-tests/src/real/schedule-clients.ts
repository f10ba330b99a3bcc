import { connect } from '@nac-broker/client'
import type { Clock } from '@nac-broker/supervisor'
import { clockFor } from '../chaos-seed.fixture.ts'
import type { Schedule } from '../schedules/schedule.ts'
import { callAll, type CallRecorder } from './call-recorder.ts'
import { type ClientProcess, startClientProcess } from './client-process.ts'
import { GoneDirect } from './gone-direct.ts'
import { waitedForProcessorMs } from '../processor-wait.fixture.ts'
import { inThisProcess, type ScheduleClient } from './schedule-client.ts'
import type { ClientFaults } from './world.ts'

export interface ScheduleClientsSetup {
  readonly clock: Clock
  readonly env: Record<string, string>
  readonly testbed: string
  readonly connectTimeoutMs: number
  readonly givenUp: AbortSignal
  /** Whether each is a process of its own, and not in this one. */
  readonly apart: boolean
  /** Called with the pid of each that is a process of its own. */
  readonly onStarted?: (pid: number) => void
  /** Counted from 1, with why. */
  readonly onUnconnected: (client: string, error: unknown) => void
  /** What went wrong beside the calls, and what the processes have written. */
  readonly onTold: (text: string) => void
}

export interface ScheduleClients extends ClientFaults {
  /** Makes every call that is planned; resolves when all have settled and the clients are closed. */
  run(recorder: CallRecorder): Promise<void>
  shiftWallTime(byMs: number): void
}

export function scheduleClients(
  { seed, clients }: Pick<Schedule, 'seed' | 'clients'>,
  { clock, apart, onTold, onUnconnected, onStarted = () => {}, ...setup }: ScheduleClientsSetup,
): ScheduleClients {
  const processes: ClientProcess[] = []
  const direct = new GoneDirect()

  const callersOf = (number: number, client: ScheduleClient, recorder: CallRecorder) =>
    (clients[number] ?? []).map((calls, caller) =>
      callAll(client, calls, { recorder, caller: `${number + 1}.${caller + 1}` }),
    )
  const runHere = async (number: number, recorder: CallRecorder): Promise<void> => {
    const own = { ...clockFor(seed, number), wallTime: () => clock.wallTime() }
    const opened = await connect({ ...setup, clock: own }).catch((error: unknown) =>
      onUnconnected(`${number + 1}`, error),
    )
    if (!opened) return
    try {
      await using client = opened
      await Promise.all(
        callersOf(
          number,
          inThisProcess(client, clock, { waitedMs: waitedForProcessorMs }),
          recorder,
        ),
      )
    } catch (error) {
      onTold(String(error))
    }
  }
  const runApart = async (number: number, recorder: CallRecorder): Promise<void> => {
    const onDirect = (): void => direct.add(number)
    const noWay = (message: string): void => onUnconnected(`${number + 1}`, message)
    const own = { seed, number, onDirect, onStarted, onOutput: onTold, onUnconnected: noWay }
    await using client = startClientProcess({ ...setup, ...own })
    processes[number] = client
    await client.ready()
    await Promise.all(callersOf(number, client, recorder))
  }
  return {
    run: async (recorder) => {
      const run = apart ? runApart : runHere
      await Promise.all(clients.map((_, number) => run(number, recorder)))
    },
    signal: (number, signal) => processes[number % clients.length]?.signal(signal),
    takeDirect: (over) => direct.take(over),
    shiftWallTime: (byMs) => processes.forEach((client) => client.shiftWallTime(byMs)),
  }
}
