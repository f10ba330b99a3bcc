import {
  asBrokerError,
  BrokerError,
  type CrashPolicy,
  parseCrashPolicy,
  type Welcome,
} from '@nac-broker/protocol'
import { EventFeed, systemClock } from '@nac-broker/supervisor'
import { Checkpoints } from './checkpoints.ts'
import { BrokerClient } from './client.ts'
import { Connection } from './connection.ts'
import { openDirect } from './direct/open-direct.ts'
import type { ClientEvent } from './events.ts'
import { storedWord } from './given-up-word.ts'
import { openLink } from './open-link.ts'
import type { ConnectOptions } from './options.ts'
import { MACHINE, type Surroundings } from './surroundings.ts'

const DEFAULT_CONNECT_TIMEOUT_MS = 5_000
const DEFAULT_RECONNECT_TIMEOUT_MS = 30_000
const DEFAULT_TIMEOUT_MS = 120_000

/**
 * Connects to the run's broker. Where there is none, the client's own crash policy holds already:
 * `restart` tries until `connectTimeoutMs`, `fallback` goes to the devices directly. What the broker
 * recommends is not known yet.
 * @throws {BrokerError} `BROKER_UNAVAILABLE` (also where no socket is named), `BROKER_BUSY`,
 * `SOCKET_PATH_INVALID`, `CONFIG_INVALID`, `TESTBED_INVALID`, `PROTOCOL_VIOLATION`, `SHUTTING_DOWN`,
 * `CANCELLED`
 */
export async function connect(
  options: ConnectOptions = {},
  surroundings: Surroundings = MACHINE,
): Promise<BrokerClient> {
  const { env = process.env, clock = systemClock, signal } = options
  const socketPath = options.socketPath ?? env['NAC_TEST_BROKER_SOCKET']
  if (!socketPath) {
    throw new BrokerError(
      'BROKER_UNAVAILABLE',
      'no broker is named: set NAC_TEST_BROKER_SOCKET, or give socketPath',
    )
  }
  const worker = env['NAC_BROKER_WORKER']
  const name = options.name ?? worker ?? 'client'
  const { pid, newId, openStore } = surroundings
  const client = { name, pid, id: newId(), ...(worker && { worker }) }
  const feed = new EventFeed<ClientEvent>((count) => ({ event: 'missed', count }))
  const emit = (event: ClientEvent): void => {
    feed.emit(event)
    if (event.event === 'closed' || event.event === 'aborted') feed.end()
  }
  const { hostKeys, loginTimeoutMs, commandTimeoutMs } = options
  const testbed = options.testbed ?? env['NAC_TEST_TESTBED']
  const login = { testbed, hostKeys, loginTimeoutMs, commandTimeoutMs }
  const setup = { ...login, client, env, clock, emit, surroundings }
  const connection = new Connection({
    open: ({ outages, ...limits }) =>
      openLink({
        socketPath,
        client: { ...client, ...(outages && { outages }) },
        clock,
        openSocket: surroundings.openSocket,
        ...limits,
      }),
    goDirect: (last, outages) =>
      openDirect({ ...setup, storePath: storeOf(last, options, env) }, last, outages),
    policy: ownPolicy(options, env),
    connectTimeoutMs: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    reconnectTimeoutMs: options.reconnectTimeoutMs ?? DEFAULT_RECONNECT_TIMEOUT_MS,
    heartbeat: { intervalMs: options.heartbeatIntervalMs, timeoutMs: options.heartbeatTimeoutMs },
    givenUp: options.givenUp,
    openWord(last) {
      const path = storeOf(last, options, env)
      return storedWord(path === undefined ? undefined : () => openStore(path, { clock }), clock)
    },
    clock,
    emit,
  })
  await connection.connect(signal)
  const checkpoints = new Checkpoints({
    connection,
    worker: name,
    storePath: (last) => storeOf(last, options, env),
    openStore,
    clock,
  })
  return new BrokerClient(connection, {
    checkpoints,
    newId,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    clock,
    feed,
  })
}

/** Undefined where the broker is to say. */
function ownPolicy(
  { crashPolicy }: ConnectOptions,
  env: NodeJS.ProcessEnv,
): CrashPolicy | undefined {
  const variable = env['NAC_BROKER_POLICY']
  const given = crashPolicy ?? variable
  if (given === undefined || given === '') return undefined
  try {
    return parseCrashPolicy(given)
  } catch (error) {
    if (crashPolicy !== undefined) throw error
    const message = `NAC_BROKER_POLICY: ${asBrokerError(error).message}`
    throw new BrokerError('CONFIG_INVALID', message, { cause: error })
  }
}

/**
 * The store that the broker wrote to is the one that counts, whatever we were told: only there does it
 * say what was sent, and who has sessions. One that merely lies beside the socket may be an earlier run's.
 */
function storeOf(
  last: Welcome | undefined,
  { storePath }: ConnectOptions,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (last) return last.store ?? undefined
  return storePath ?? (env['NAC_BROKER_STORE'] || undefined)
}
