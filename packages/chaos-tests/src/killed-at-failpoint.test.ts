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
import { SHORT_PAUSES, startSupervisedLab, type SupervisedLab } from './supervised-lab.fixture.ts'

const DEVICES = 2
const DEVICE_NAMES = ['sim-1', 'sim-2']
const CLIENTS = 3
/** Nothing is late by its deadline: what settles a call is what becomes of the broker. */
const TIMEOUT_MS = 15_000

const PACKAGES = path.join(import.meta.dirname, '../..')
const ENV = 'NAC_BROKER_FAILPOINTS'

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
const drawn = failpointsOfBrokers()
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

/** Only what is launched in `work` has it. */
async function withFailpoint<Value>(spec: string, work: () => Promise<Value>): Promise<Value> {
  process.env[ENV] = spec
  try {
    return await work()
  } finally {
    delete process.env[ENV]
  }
}

describe(`a broker that is killed at a failpoint (NAC_BROKER_CHAOS_SEED=${SEED})`, () => {
  it.each(CELLS)('$name, in a $host', async ({ name, host }) => {
    const starting = withFailpoint(`${name}=kill`, () =>
      startSupervisedLab({
        host,
        crashPolicy: 'restart,fallback',
        clock: SHORT_PAUSES,
        simulator: { devices: DEVICES, latencyMs: 5 },
      }),
    )
    expect(await started(starting)).toEqual([])
  })
})

/** One that dies before it has ever listened is told to whoever started it. */
async function started(starting: Promise<SupervisedLab>): Promise<string[]> {
  const failure = await starting.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure === undefined) {
    await using lab = await starting
    return await callOn(lab)
  }
  const isTold = failure instanceof BrokerError && failure.code === 'BROKER_LOST'
  return isTold ? [] : [`starting failed of ${inspect(failure)}`]
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
