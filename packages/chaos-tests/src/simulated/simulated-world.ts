import { rmSync } from 'node:fs'
import { whenAborted } from '@nac-broker/supervisor'
import type { BrokerFault } from '../broker-fault.fixture.ts'
import type { ClientFaults, WireFaults, World } from '../real/world.ts'
import type { Schedule } from '../schedules/schedule.ts'
import type { SimulatedLab } from './simulated-lab.ts'

/** How long it takes until the heap is full. */
const HEAP_FULL_MS = 1_500
const BLOCKED_MS = 1_000

/** What faults act on. */
export function simulatedWorld(
  { host }: Schedule,
  lab: SimulatedLab,
  parts: {
    next: (event: string) => Promise<void>
    givenUp: AbortSignal
    clients: ClientFaults
    close: () => Promise<unknown>
    /** Of the socket, and of the store, which is a real file. */
    directory: string
  },
): World {
  const { next, givenUp, clients, close, directory } = parts
  const { network, machine, routers, outside } = lab
  return {
    host,
    socketFile: {
      remove: async () => network.clear(),
      async removeDirectory() {
        network.removeDirectory()
        rmSync(directory, { recursive: true, force: true })
      },
      async replace(by) {
        if (network.hasFile) network.replaceFile(by)
      },
      forbid: async () => void (network.isForbidden = true),
      permit: async () => void (network.isForbidden = false),
    },
    devices: [...routers.values()],
    killBroker: () => lab.current().kill(),
    closeBroker: () => void close(),
    inflict: (what) => inflict(lab, what),
    signalBroker(signal) {
      if (signal === 'SIGSTOP') lab.current().process.stop()
      else for (const process of machine.processes) process.goOn()
    },
    limitDescriptors: (spare = Infinity) => {
      lab.current().process.descriptorsLeft = spare
    },
    refuseProcesses: (refused) => void (machine.refusesProcesses = refused),
    // Its store is a real file, on a disk that is nobody's to fill.
    disk: { fill() {}, free() {} },
    armNextBroker: (failpoints) => lab.armNext(stepOf(failpoints)),
    clientWire: network,
    clients,
    deviceWire: allOf([...routers.values()]),
    shiftWallTime: (byMs) => void (machine.wallShiftMs += byMs),
    pause: (ms, over) => outside.sleep(ms, over).catch(() => {}),
    async next(event, over) {
      await Promise.race([next(event), whenAborted(over), whenAborted(givenUp)])
    },
  }
}

function inflict(lab: SimulatedLab, what: BrokerFault): void {
  const { time } = lab
  const broker = lab.current()
  const { process } = broker
  const after = (ms: number, happen: () => void): void => void time.at(time.now() + ms, happen)
  switch (what) {
    case 'uncaught error':
      return broker.end({ clean: false, why: 'Error: nobody catches this' })
    case 'early exit':
      return broker.end({ clean: false, why: "the broker's process ended with code 3" })
    case 'endless loop':
      return process.stop()
    case 'full heap':
      process.stop()
      return after(HEAP_FULL_MS, () => broker.end({ clean: false, why: 'the heap is full' }))
    case 'blocked for a second':
      process.stop()
      return after(BLOCKED_MS, () => process.goOn())
  }
}

/** A failpoint is one for all of this process: of the simulated ones one dies at one of its first steps instead. */
function stepOf(failpoints: string): number {
  const [name = '', time = '1'] = failpoints.split('@')
  return Number(time) * 3 + name.length
}

function allOf(wires: readonly WireFaults[]): WireFaults {
  return {
    suffer: (fault) => wires.forEach((wire) => wire.suffer(fault)),
    mend: () => wires.forEach((wire) => wire.mend()),
    reset: () => wires.forEach((wire) => wire.reset()),
  }
}
