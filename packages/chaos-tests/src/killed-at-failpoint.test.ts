/**
 * Brokers that die exactly at each of their failpoints, while clients call on.
 *
 * NAC_BROKER_CHAOS_FAILPOINTS: at how many of them, drawn anew each time; default 4, `all` for every one.
 * NAC_BROKER_CHAOS_SEED: what is drawn.
 */
import { readFileSync, globSync } from 'node:fs'
import path from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { BrokerError, connect } from '@nac-broker/client'
import { CallJournal } from './call-journal.fixture.ts'
import { drawsFor, SEED } from './chaos-seed.fixture.ts'
import { allFaults } from './faults/all-faults.ts'
import { drawSchedule } from './schedules/draw-schedule.ts'
import {
  type HostKind,
  SHORT_PAUSES,
  startSupervisedLab,
  type SupervisedLab,
} from './supervised-lab.fixture.ts'

const DEVICES = 2
const DEVICE_NAMES = ['sim-1', 'sim-2']
const CLIENTS = 3
/** Nothing is late by its deadline: what settles a call is what becomes of the broker. */
const TIMEOUT_MS = 15_000

const PACKAGES = path.join(import.meta.dirname, '../..')

/** Those that no broker comes by here: what must befall it before has tests of its own. */
const NOT_COME_BY: readonly string[] = [
  'broker.change.fenced',
  'broker.flight.abandoned',
  'broker.flight.again',
  'broker.json.answered',
  'broker.json.received',
  'broker.output.restored',
  'broker.request.chunk',
  'broker.session.refused',
  'store.busy',
  'store.outcome.failed',
  'store.outcome.void',
  'store.reaper.found',
  'store.slot.awaited',
  'store.transaction.failed',
]

/** Those that a hosted broker comes by, in the order of their names. */
function failpointsOfBrokers(): string[] {
  const sources = globSync(['broker/src/**/*.ts', 'run-store/src/*.ts'], { cwd: PACKAGES })
  const names = sources.flatMap((file) => {
    const source = readFileSync(path.join(PACKAGES, file), 'utf8')
    return Array.from(source.matchAll(/failpoint\('((?:broker|store|host)\.[\w.-]+)'\)/g))
  })
  return names.map(([, name = '']) => name).toSorted()
}

const asked = process.env['NAC_BROKER_CHAOS_FAILPOINTS'] ?? '4'
const random = drawsFor(SEED)
const all = failpointsOfBrokers()
const drawn = all
  .filter((name) => !NOT_COME_BY.includes(name))
  .map((name) => ({ name, order: random.random() }))
  .toSorted((a, b) => a.order - b.order)
  .slice(0, asked === 'all' ? undefined : Number(asked))
const CELLS = drawn.flatMap(({ name }, at) =>
  asked === 'all'
    ? [
        { name, host: 'thread' as const },
        { name, host: 'process' as const },
      ]
    : [{ name, host: at % 2 ? ('thread' as const) : ('process' as const) }],
)

// Nothing is armed by it: each lab arms its own first broker.
process.env['NAC_BROKER_FAILPOINTS'] = ''

describe.concurrent(`a broker that is killed at a failpoint (NAC_BROKER_CHAOS_SEED=${SEED})`, () => {
  it.each(CELLS)('$name, in a $host', async ({ name, host }) => {
    const { deaths, violations } = await outcomeOf(start(host, [name]))
    expect(violations).toEqual([])
    expect(deaths, 'brokers that died').toHaveLength(1)
  })

  it('no broker comes by the others here, each of which there is', async () => {
    expect(NOT_COME_BY.filter((name) => !all.includes(name))).toEqual([])
    // Where the machine is slow enough, one lock is waited for.
    const never = NOT_COME_BY.filter((name) => name !== 'store.busy')
    const outcome = await outcomeOf(start('thread', never))
    expect(outcome).toEqual({ deaths: [], violations: [] })
  })
})

it('the failpoints at which brokers of schedules fail are among them', async () => {
  const faults = (await allFaults()).filter(({ name }) => name === 'next-broker-fails')
  const named = new Set<string>()
  for (let seed = 0; seed < 300; seed++)
    for (const { args } of drawSchedule(seed, faults).faults)
      named.add((args as { failpoint: string }).failpoint.replace(/=.*/, ''))
  expect(named.size).toBeGreaterThan(15)
  expect([...named].filter((name) => !all.includes(name))).toEqual([])
})

function start(host: HostKind, killedAt: readonly string[]): Promise<SupervisedLab> {
  return startSupervisedLab({
    host,
    crashPolicy: 'restart,fallback',
    clock: SHORT_PAUSES,
    simulator: { devices: DEVICES, latencyMs: 5 },
    failpoints: killedAt.map((name) => `${name}=kill`).join(','),
  })
}

interface Outcome {
  readonly deaths: readonly string[]
  readonly violations: readonly string[]
}

/** One that dies before it has ever listened is told to whoever started it. */
async function outcomeOf(starting: Promise<SupervisedLab>): Promise<Outcome> {
  let lab: SupervisedLab
  try {
    lab = await starting
  } catch (error) {
    if (error instanceof BrokerError && error.code === 'BROKER_LOST')
      return { deaths: [error.message], violations: [] }
    return { deaths: [], violations: [`starting failed of ${inspect(error)}`] }
  }
  const { deaths } = lab
  await using closing = lab
  const violations = await callOn(closing)
  // In its stop too a broker may die.
  await lab[Symbol.asyncDispose]()
  return { deaths, violations }
}

/** Every kind of call, twice, from clients that share two devices. Returns what must not have been. */
async function callOn(lab: SupervisedLab): Promise<string[]> {
  const journal = new CallJournal(String(SEED))
  await using clients = new AsyncDisposableStack()
  // What the orchestrator would say in the environment: a broker may die before it has said anything.
  const env = lab.broker.env()
  const setup = { env, testbed: lab.testbedPath, clock: SHORT_PAUSES }
  const calling = Array.from({ length: CLIENTS }, async (_, number) => {
    const client = clients.use(await connect({ ...setup, connectTimeoutMs: TIMEOUT_MS }))
    for (const device of DEVICE_NAMES) {
      const call = { device, timeoutMs: TIMEOUT_MS }
      await Promise.all([
        journal.call(client, { ...call, verb: 'show' }),
        journal.call(client, { ...call, verb: 'show', key: `${device}-read` }),
        journal.call(client, { ...call, verb: 'write' }),
        journal.call(client, { ...call, verb: 'write', key: `${device}-shared` }),
      ])
      await journal.call(client, { ...call, verb: 'write', key: `${device}-shared` })
      await client.checkpoint({ number, device })
    }
  })
  await Promise.all(calling)
  return journal.violations(lab.log)
}
