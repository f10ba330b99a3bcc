import type { VirtualClock } from '@nac-broker/supervisor'
import { draw, drawsFor } from '../chaos-seed.fixture.ts'
import type { Fault } from '../faults/fault.ts'
import type { PlannedCall, PlannedFault, Policy, Schedule } from './schedule.ts'

const POLICIES: readonly Policy[] = ['restart,abort', 'restart,fallback', 'fallback', 'abort']
/** What is drawn for: each purpose has draws of its own, so that another fault changes no call. */
const SHAPE = 1
const CALLS = 2
const FAULTS = 3

const CALLS_OF_A_CALLER = 6
const MOST_FAULTS = 5

/** Told by no device of its own: it is every device's password. */
export function canaryOf(seed: number): string {
  return `canary-${seed}-of-chaos`
}

/** The same for the same seed and faults. */
export function drawSchedule(seed: number, faults: readonly Fault[]): Schedule {
  const random = drawsFor(seed, SHAPE)
  const devices = draw(random, 1, 4)
  const maxSessionsPerDevice = draw(random, 1, 4)
  const shape = {
    seed,
    host: random.random() < 0.6 ? 'thread' : 'process',
    policy: pick(random, POLICIES),
    devices,
    maxSessionsPerDevice,
    maxConnections: draw(random, 1, devices * maxSessionsPerDevice + 2),
    latencyMs: pick(random, [0, 5, 20]),
  } as const
  const clients = Array.from({ length: draw(random, 2, 5) }, (_, client) =>
    Array.from({ length: draw(random, 1, 4) }, (__, caller) =>
      drawCalls(seed, devices, `${client}-${caller}`, drawsFor(seed, CALLS, client, caller)),
    ),
  )
  const drawn = drawFaults(seed, faults)
  const needed = faults.find(({ name, host }) => host && drawn.some((one) => one.name === name))
  return { ...shape, host: needed?.host ?? shape.host, clients, faults: drawn }
}

function drawFaults(seed: number, faults: readonly Fault[]): PlannedFault[] {
  const random = drawsFor(seed, FAULTS)
  return Array.from({ length: draw(random, 1, MOST_FAULTS + 1) }, () => {
    const fault = pick(random, faults)
    return { name: fault.name, after: draw(random, 0, 25), args: fault.draw(random) }
  })
}

function drawCalls(
  seed: number,
  devices: number,
  caller: string,
  random: VirtualClock,
): PlannedCall[] {
  return Array.from({ length: CALLS_OF_A_CALLER }, (_, number) => {
    const device = `sim-${draw(random, 1, devices + 1)}`
    // Most leave time for the next broker; some pass while there is none.
    const timeoutMs = random.random() < 0.2 ? draw(random, 50, 500) : draw(random, 2_000, 6_000)
    const call = { device, timeoutMs }
    const kind = random.random()
    const shared = draw(random, 0, 3)
    const own = `${seed}-${caller}-${number}.`
    if (kind < 0.3) return { ...call, line: `show nonce shared-${shared}.` }
    if (kind < 0.37) return { ...call, line: `show nonce ${own}` }
    if (kind < 0.4) return { ...call, line: `show nonce ${own} ${canaryOf(seed)}` }
    if (kind < 0.45) return { ...call, line: `show bulk ${draw(random, 100, 3_000) * 1_000}` }
    if (kind < 0.5) return { ...call, line: `write nonce ${own} ${canaryOf(seed)}` }
    if (kind < 0.7) {
      const key = `${device}-${shared}`
      return { ...call, line: `write nonce ${seed}-${key}.`, key }
    }
    // A key that belongs to another change has to be refused.
    if (kind < 0.75) return { ...call, line: `write nonce ${own}`, key: `${device}-${shared}` }
    // In configuration mode a device executes what comes after `do`.
    if (kind < 0.81) {
      const key = `${device}-${shared}-lines`
      return { ...call, line: `do write nonce ${seed}-${key}.`, key, configures: true }
    }
    if (kind < 0.84)
      return { ...call, line: `do write nonce ${own} ${canaryOf(seed)}`, configures: true }
    if (kind < 0.9) return { ...call, line: `do write nonce ${own}`, configures: true }
    return { ...call, line: `write nonce ${own}` }
  })
}

export function pick<Item>(random: VirtualClock, items: readonly Item[]): Item {
  const item = items[draw(random, 0, items.length)]
  if (item === undefined) throw new Error('there is nothing to pick from')
  return item
}
