import type { BrokerClient } from '@nac-broker/client'
import { callAll, type CallRecorder } from '../real/call-recorder.ts'
import { GoneDirect } from '../real/gone-direct.ts'
import { CLIENT_DIED, makeCall, type ScheduleClient } from '../real/schedule-client.ts'
import type { ClientFaults } from '../real/world.ts'
import type { Schedule } from '../schedules/schedule.ts'
import type { SimulatedLab } from './simulated-lab.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** The clients of a schedule, each in a simulated process. */
export interface SimulatedClients extends ClientFaults {
  /** Makes every call that is planned; resolves when all have settled and the clients are closed. */
  run(recorder: CallRecorder): Promise<void>
}

export function simulatedClients(
  { clients, faults }: Schedule,
  lab: SimulatedLab,
  {
    givenUp,
    onTold,
    onUnconnected,
  }: {
    givenUp: AbortSignal
    onTold: (text: string) => void
    onUnconnected: (client: string, error: unknown) => void
  },
): SimulatedClients {
  const processes: SimulatedProcess[] = []
  const direct = new GoneDirect()
  // Others have nobody who wants to know.
  const apart = faults.some(({ name }) => name.startsWith('client-process'))
  const run = async (number: number, recorder: CallRecorder): Promise<void> => {
    const process = (processes[number] = lab.machine.spawn())
    const client = await Promise.race([lab.connect(process, givenUp), diedWith(process)]).catch(
      (error: unknown) => onUnconnected(`${number + 1}`, error),
    )
    if (!client) return
    try {
      if (apart) void tellWhenDirect(client, () => direct.add(number))
      const asking = inProcess(process, client)
      const callers = (clients[number] ?? []).map((calls, caller) =>
        callAll(asking, calls, { recorder, caller: `${number + 1}.${caller + 1}` }),
      )
      await Promise.all(callers)
      await Promise.race([client.close(), diedWith(process)])
    } catch (error) {
      onTold(String(error))
    }
  }
  return {
    run: async (recorder) => {
      await Promise.all(clients.map((_, number) => run(number, recorder)))
    },
    signal(number, signal) {
      const process = processes[number % clients.length]
      if (signal === 'SIGKILL') process?.kill()
      else if (signal === 'SIGSTOP') process?.stop()
      else process?.goOn()
    },
    takeDirect: (over) => direct.take(over),
  }
}

function inProcess(process: SimulatedProcess, client: BrokerClient): ScheduleClient {
  const died = new AbortController()
  process.onDeath(() => died.abort())
  return {
    over: AbortSignal.any([client.lost, died.signal]),
    call: async (planned) => {
      const made = makeCall(client, planned, process, {
        lagMs: () => process.stoppedMs,
        waitedMs: () => 0,
      })
      return (await Promise.race([made, diedWith(process)])) ?? CLIENT_DIED
    },
  }
}

function diedWith(process: SimulatedProcess): Promise<undefined> {
  return new Promise((resolve) => process.onDeath(() => resolve(undefined)))
}

async function tellWhenDirect(client: BrokerClient, tell: () => void): Promise<void> {
  for await (const { event } of client.events()) if (event === 'direct') tell()
}
