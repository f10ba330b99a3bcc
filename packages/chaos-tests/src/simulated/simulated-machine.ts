import type { OpenTransport } from '@nac-broker/devices'
import { openRunStore, type Processes, type RunStore } from '@nac-broker/run-store'
import type { Clock, VirtualClock } from '@nac-broker/supervisor'
import { SimulatedProcess } from './simulated-process.ts'
import type { SimulatedRouter } from './simulated-router.ts'
import type { SimulatedTime } from './simulated-time.ts'

/** No pid of this machine, so that nothing is ever signalled by mistake. */
const FIRST_PID = 10_000_000

/** The processes of a simulation, and what each of them can reach. */
export class SimulatedMachine {
  readonly #time: SimulatedTime
  readonly #draws: (purpose: number) => VirtualClock
  readonly #routers: ReadonlyMap<string, SimulatedRouter>
  readonly #processes = new Map<number, SimulatedProcess>()
  wallShiftMs = 0
  /** Whether it starts no process any more. */
  refusesProcesses = false

  constructor(parts: {
    time: SimulatedTime
    draws: (purpose: number) => VirtualClock
    routers: ReadonlyMap<string, SimulatedRouter>
  }) {
    this.#time = parts.time
    this.#draws = parts.draws
    this.#routers = parts.routers
  }

  get processes(): Iterable<SimulatedProcess> {
    return this.#processes.values()
  }

  /** `jitter` makes something else of what it draws. */
  spawn(jitter: (random: () => number) => () => number = (random) => random): SimulatedProcess {
    const pid = FIRST_PID + this.#processes.size
    const drawn = this.#draws(pid)
    const random = jitter(() => drawn.random())
    const wallShiftMs = (): number => this.wallShiftMs
    const started = new SimulatedProcess({ pid, time: this.#time, random, wallShiftMs })
    this.#processes.set(pid, started)
    return started
  }

  isAlive(pid: number): boolean {
    return this.#processes.get(pid)?.isDead === false
  }

  /** The store as this process sees it; unusable when it has died. */
  readonly openStore =
    (process: SimulatedProcess) =>
    async (path: string, _options: { clock: Clock }): Promise<RunStore> => {
      const processes: Processes = {
        self: { pidNamespace: '', pid: process.pid, startTicks: 1 },
        isGone: ({ pid }) => !this.isAlive(pid),
      }
      const store = await openRunStore(path, { clock: process, processes })
      process.onDeath(() => void store.close())
      return store
    }

  readonly openTransport =
    (process: SimulatedProcess): OpenTransport =>
    async (device, within) => {
      const router = this.#routers.get(device.name)
      if (!router) throw new Error(`there is no device "${device.name}" in the simulation`)
      if (!process.opensDescriptor()) throw router.outOfDescriptors()
      const { transport, giveUp } = router.logIn(process)
      try {
        return await within(transport, (ms) => router.tooSlow(ms))
      } catch (error) {
        giveUp()
        throw error
      }
    }
}
