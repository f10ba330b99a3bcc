import type { Duplex } from 'node:stream'
import { loadTestbed, scrubberOf, type Testbed } from '@nac-broker/devices'
import {
  BrokerError,
  type BrokerEvent,
  type BrokerStatistics,
  type StatusResult,
  type ToldEvent,
} from '@nac-broker/protocol'
import {
  type Clock,
  FailureDetector,
  failpoint,
  systemClock,
  withDeadline,
} from '@nac-broker/supervisor'
import { pino } from 'pino'
import type { BrokerContext } from './broker-context.ts'
import { BrokerFeed } from './broker-feed.ts'
import { type OnCount, statisticsLine, Tally } from './broker-statistics.ts'
import { Changes } from './changes.ts'
import { CommandEvents } from './command-events.ts'
import { Connection } from './connection.ts'
import { GivingWay } from './giving-way.ts'
import { KeptOutputs } from './kept-outputs.ts'
import { sessionOpener } from './leased-session.ts'
import { brokerStatus } from './operations/status.ts'
import { type BrokerOptions, resolveSettings } from './options.ts'
import { OutputCache } from './output-cache.ts'
import { Pool } from './pool.ts'
import { Scheduler } from './scheduler.ts'
import { MACHINE, type Surroundings } from './surroundings.ts'
import { unitChange } from './unit-change.ts'

export interface CloseOptions {
  /** How long what is under way may take, in milliseconds; then it is cut off. Default 5,000. */
  deadlineMs?: number
}

/** A broker that accepts requests. */
export interface Broker extends AsyncDisposable {
  readonly socketPath: string
  readonly generation: number
  /** What a subprocess needs in its environment to find this broker. */
  env(): Record<string, string>
  statistics(): BrokerStatistics
  status(): StatusResult
  /** What happens from now on, until the broker is closed; with `commands: false` but for commands. */
  events(options?: { commands?: boolean }): AsyncIterable<BrokerEvent>
  /** Tells whoever listens, as if it had happened in the broker. */
  tell(event: ToldEvent): void
  /**
   * Takes no new work, answers what is under way, logs out of every device, removes the socket.
   * Returns the names of the devices whose sessions, or logins under way, had to be cut off. Idempotent;
   * called again, the earlier deadline holds.
   */
  close(options?: CloseOptions): Promise<string[]>
}

/**
 * Starts a broker on this process's own event loop.
 * @throws {BrokerError} `CONFIG_INVALID`, `TESTBED_INVALID`, `SOCKET_PATH_INVALID`, `SOCKET_IN_USE`
 */
export async function startBroker(
  options: BrokerOptions = {},
  onCount: OnCount = () => {},
  surroundings: Surroundings = MACHINE,
): Promise<Broker> {
  const { clock = systemClock, env = process.env, log = pino({ level: 'silent' }) } = options
  const settings = resolveSettings(options)
  const testbed = await testbedOf(options)
  for (const problem of testbed?.problems ?? []) log.warn(problem.message)
  const { openStore, openTransport } = surroundings
  const place = await surroundings.placeOf(options.socketPath, env)

  failpoint('broker.start.configured')
  const store = options.storePath ? await openStore(options.storePath, { clock }) : undefined
  await store?.generations.begin(settings.generation, store.ownerOf(settings.generation))
  await store?.ledger.declareLimits({
    maxPerDevice: settings.maxSessionsPerDevice,
    maxTotal: settings.maxConnections,
  })

  failpoint('broker.start.generation-begun')
  const feed = new BrokerFeed(clock)
  feed.withoutCommands.subscribe((event) => log.debug(event, event.event))
  const commands = new CommandEvents(feed, clock, scrubberOf(testbed, env))
  const emit = (event: BrokerEvent): void => feed.emit(event)
  const { cacheTtlMs: ttlMs, cacheMaxBytes: maxBytes } = settings
  const kept = new KeptOutputs(store, ttlMs, log)
  const tally = new Tally(onCount)
  const units = new FailureDetector({ clock, onEvent: (event) => emit(unitChange(event)) })
  const pool = new Pool({
    testbed,
    settings,
    tally,
    openSession: sessionOpener({
      settings,
      store,
      env,
      clock,
      openTransport,
      onChildProcess: options.onChildProcess,
    }),
    onDeviceClosed: (device) => kept.endEpoch(device),
    units,
    clock,
    emit,
  })
  const givingWay = store && new GivingWay(pool, store, settings.generation, clock)
  const changes = store && new Changes(store, settings.generation, () => pool.destroy())
  const cache = new OutputCache({ ttlMs, maxBytes, clock })
  const scheduler = new Scheduler({ pool, cache, kept, changes, tally, clock, settings })
  const connections = new Set<Connection>()
  const context: BrokerContext = {
    settings,
    testbed,
    socketPath: place.path,
    startedMs: clock.now(),
    pool,
    store,
    scheduler,
    cache,
    tally,
    feed,
    commands,
    clock,
    log,
    clients: () => connections.size,
  }
  let accepted = 0
  const serve = (socket: Duplex): void => {
    const connection = new Connection(socket, context, ++accepted)
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
  }
  // Who comes before anybody can subscribe to events would come unseen: it waits until then.
  const early: Duplex[] = []
  let accept = (socket: Duplex): void => {
    early.push(socket.on('error', () => {}))
  }
  const onConnection = (socket: Duplex): void => accept(socket)
  const listener = await surroundings
    .listen(place.path, clock, onConnection)
    .catch(async (error) => {
      givingWay?.end()
      await store?.close()
      await place.release()
      throw error
    })
  accept = serve
  setImmediate(() => early.forEach(serve))
  failpoint('broker.start.listening')
  log.info({ socket: place.path, generation: settings.generation }, 'listening')

  const late = new AbortController()
  const close = async (): Promise<string[]> => {
    failpoint('broker.drain.begins')
    emit({ event: 'draining' })
    await listener.close()
    const cutOff = await drain(pool, late.signal, clock)
    for (const connection of connections) connection.shutDown()
    await allClosed(connections, clock)
    failpoint('broker.drain.done')
    units[Symbol.dispose]()
    commands.end()
    scheduler.end()
    feed.end()
    givingWay?.end()
    await store?.generations.end(settings.generation).catch(() => {})
    await store?.close()
    await place.release()
    if (options.logStatistics ?? true) log.info(statisticsLine(tally.counts))
    return cutOff
  }
  let closing: Promise<string[]> | undefined
  const broker: Broker = {
    socketPath: place.path,
    generation: settings.generation,
    env: () => ({ NAC_TEST_BROKER_SOCKET: place.path }),
    statistics: () => ({ ...tally.counts }),
    status: () => brokerStatus(context),
    events: ({ commands: all = true } = {}) => (all ? feed.all : feed.withoutCommands).stream(),
    tell: emit,
    async close({ deadlineMs = 5_000 } = {}) {
      const deadline = clock.startTimer(deadlineMs, () => late.abort())
      closing ??= close()
      return closing.finally(() => deadline.cancel())
    },
    async [Symbol.asyncDispose]() {
      await broker.close()
    },
  }
  return broker
}

async function testbedOf({ testbed }: BrokerOptions): Promise<Testbed | undefined> {
  return typeof testbed === 'string' ? loadTestbed(testbed) : testbed
}

/** Lets commands finish and sessions log out; returns whose were cut off when it was late. */
async function drain(pool: Pool, late: AbortSignal, clock: Clock): Promise<string[]> {
  pool.shutDown()
  const onTimeout = (): Error => new BrokerError('DEADLINE_EXCEEDED', 'sessions are still open')
  try {
    await withDeadline(pool.slots.whenEmpty(), { ms: Infinity, onTimeout, signal: late, clock })
    return []
  } catch {
    const cutOff = [...pool.lanes.values()].filter(({ busy, loggingIn }) => busy || loggingIn)
    pool.destroy()
    return cutOff.map(({ device }) => device.name)
  }
}

/** How long a client may take to read its last answers. */
const GOODBYE_MS = 500

async function allClosed(connections: Set<Connection>, clock: Clock): Promise<void> {
  if (connections.size === 0) return
  const closed = Promise.all([...connections].map((connection) => connection.closed))
  const onTimeout = (): Error => new BrokerError('DEADLINE_EXCEEDED', 'a client does not read')
  try {
    await withDeadline(closed, { ms: GOODBYE_MS, onTimeout, clock })
  } catch {
    for (const connection of connections) connection.destroy()
    await closed
  }
}
