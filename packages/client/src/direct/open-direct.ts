import { type HostKeyPolicy, loadTestbed, scrubberOf, type Testbed } from '@nac-broker/devices'
import {
  BrokerError,
  type BrokerEvent,
  type Hello,
  type Outages,
  type Welcome,
  WITHOUT_BROKER,
} from '@nac-broker/protocol'
import type { RunStore, SessionLimits } from '@nac-broker/run-store'
import type { Clock } from '@nac-broker/supervisor'
import type { DirectCommands } from '../device-commands.ts'
import type { Surroundings } from '../surroundings.ts'
import { Direct } from './direct.ts'
import { StoredEvents } from './stored-events.ts'
import { toldCommands } from './told-commands.ts'

type Identity = Pick<Hello['client'], 'worker' | 'pid'> & { id: string }

export interface DirectSetup {
  /** A pyATS testbed file, or one that was loaded. */
  testbed: string | Testbed | undefined
  /** As brokers are told. */
  client: Identity
  /** Undefined: there is none. */
  storePath: string | undefined
  hostKeys: HostKeyPolicy | undefined
  loginTimeoutMs: number | undefined
  /** Undefined: as the last broker's. */
  keepaliveIntervalMs: number | 'off' | undefined
  commandTimeoutMs: number | undefined
  env: NodeJS.ProcessEnv
  clock: Clock
  emit: (event: BrokerEvent) => void
  surroundings: Pick<Surroundings, 'openStore' | 'openTransport'>
}

/** As a broker's own, for one that does not say. */
const DEFAULT_LIMITS: SessionLimits = { maxPerDevice: 1, maxTotal: 50 }
const DEFAULT_COMMAND_TIMEOUT_MS = 60_000

/**
 * Makes ready for reaching the devices without a broker; `last` is what the last one said. What happens
 * from now on is in the run's store too.
 * @throws {BrokerError} `CONFIG_INVALID` without a testbed, `TESTBED_INVALID`
 */
export async function openDirect(
  setup: DirectSetup,
  last: Welcome | undefined,
  outages: () => Outages | undefined,
): Promise<{ commands: DirectCommands; warning: string }> {
  const { env, clock, hostKeys, loginTimeoutMs, commandTimeoutMs, client } = setup
  const keepaliveIntervalMs = setup.keepaliveIntervalMs ?? last?.keepaliveIntervalMs
  const { openTransport } = setup.surroundings
  const testbed = await testbedOf(setup)
  const { store, withoutStore } = await storeOf(setup)
  const limits = await limitsOf(store, last)
  const stored = new StoredEvents(store, clock)
  const direct = new Direct({
    testbed,
    store,
    withoutStore,
    generation: last?.generation ?? 0,
    maxSessionsPerDevice: limits.maxPerDevice,
    maxConnections: limits.maxTotal,
    commandTimeoutMs: commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS,
    login: {
      env,
      clock,
      openTransport,
      ...(hostKeys && { hostKeys }),
      ...(loginTimeoutMs && { loginTimeoutMs }),
      ...(keepaliveIntervalMs && { keepaliveIntervalMs }),
    },
    clock,
    emit(event) {
      setup.emit(event)
      stored.add(event)
    },
  })
  const { id, worker, pid } = client
  const who = { id, pid, ...(worker !== undefined && { worker }) }
  const past = outages()
  stored.add({ event: 'client-direct', ...who, ...(past && { outages: past }) })
  const commands: DirectCommands = {
    ...toldCommands(direct, {
      clock,
      worker,
      scrub: scrubberOf(testbed, env),
      tell: (event) => stored.add(event),
    }),
    async close() {
      await direct.close()
      stored.end()
      await store?.close()
    },
  }
  return { commands, warning: warningOf(store, withoutStore) }
}

/** The newest broker's, also for a client that has never reached one. */
async function limitsOf(
  store: RunStore | undefined,
  last: Welcome | undefined,
): Promise<SessionLimits> {
  const declared = await store?.ledger.limits().catch(() => undefined)
  const { maxSessionsPerDevice, maxConnections } = last?.limits ?? {}
  return {
    maxPerDevice: declared?.maxPerDevice ?? maxSessionsPerDevice ?? DEFAULT_LIMITS.maxPerDevice,
    maxTotal: declared?.maxTotal ?? maxConnections ?? DEFAULT_LIMITS.maxTotal,
  }
}

async function testbedOf({ testbed, env }: DirectSetup): Promise<Testbed> {
  if (testbed === undefined || testbed === '') {
    throw new BrokerError(
      'CONFIG_INVALID',
      'the broker is lost and the crash policy is fallback, but no testbed says how to reach the devices: set NAC_TEST_TESTBED, or give testbed',
    )
  }
  return typeof testbed === 'string' ? loadTestbed(testbed, { env }) : testbed
}

async function storeOf({ storePath, clock, surroundings }: DirectSetup): Promise<{
  store: RunStore | undefined
  withoutStore: string
}> {
  if (storePath === undefined) return { store: undefined, withoutStore: 'there is no run store' }
  try {
    return { store: await surroundings.openStore(storePath, { clock }), withoutStore: '' }
  } catch (error) {
    return {
      store: undefined,
      withoutStore: error instanceof Error ? error.message : String(error),
    }
  }
}

function warningOf(store: RunStore | undefined, withoutStore: string): string {
  const lost = `the broker is lost: this client logs in to the devices itself from now on; ${WITHOUT_BROKER.lost}`
  if (store) return `${lost}; ${WITHOUT_BROKER.kept}`
  return `${lost}; ${withoutStore}, so nothing is answered from a cache, sessions are limited to one per device and client, and changes are refused`
}
