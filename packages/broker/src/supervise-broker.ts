import { BrokerError } from '@nac-broker/protocol'
import type { RunStore } from '@nac-broker/run-store'
import { pino } from 'pino'
import { BrokerSupervisor } from './broker-supervisor.ts'
import { cancelledStart } from './cancelled-start.ts'
import { systemClock } from '@nac-broker/supervisor'
import type { Host } from './hosts/host.ts'
import { processHost } from './hosts/process.ts'
import { threadHost } from './hosts/thread.ts'
import { startInline } from './inline-broker.ts'
import { assertFree } from './listener.ts'
import { type BrokerSettings, resolveSettings } from './options.ts'
import { freshStore, holderOf, resumedStore } from './stored-run.ts'
import { defaultSocketPlace, explicitSocketPlace } from './socket-path.ts'
import type { HostName, SupervisedBroker, SuperviseBrokerOptions } from './supervised-broker.ts'

/**
 * Starts the run's broker and keeps to the crash policy: under `restart` a broker that crashed or
 * stalled is ended, its exit awaited, its generation marked ended, and only then the next one started.
 * @throws {BrokerError} `CONFIG_INVALID`, `TESTBED_INVALID`, `SOCKET_PATH_INVALID`, `SOCKET_IN_USE`,
 * `STORE_UNAVAILABLE` for a store that another run uses, or that cannot be resumed; the signal's reason, or
 * `CANCELLED`, when it was aborted before there was a broker: then nothing of it runs
 */
export async function superviseBroker(
  options: SuperviseBrokerOptions = {},
): Promise<SupervisedBroker> {
  const { host = 'thread', env = process.env, log = pino({ level: 'silent' }) } = options
  const settings = resolveSupervision(options)
  const place = options.socketPath
    ? await explicitSocketPlace(options.socketPath)
    : await defaultSocketPlace(env)
  let store: RunStore | undefined
  try {
    const storePath = options.storePath ?? `${place.path}.store`
    await assertFree(place.path, options.clock ?? systemClock, () => holderOf(storePath))
    store = options.resume ? await resumedStore(storePath) : await freshStore(storePath, log)
    const generation = (await store?.generations.latest()) ?? 0
    if (options.signal?.aborted) throw cancelledStart(options.signal)
    const parts = { options, settings, place, store, log, generation }
    if (host === 'inline') return await startInline(parts)
    return await BrokerSupervisor.start(typeof host === 'string' ? HOSTS[host] : host, parts)
  } catch (error) {
    await store?.supervision.end().catch(() => {})
    await store?.close()
    await place.release()
    throw error
  }
}

/**
 * The settings that `superviseBroker` would run with, for who has to know beforehand that it would.
 * @throws {BrokerError} `CONFIG_INVALID`
 */
export function resolveSupervision(options: SuperviseBrokerOptions = {}): BrokerSettings {
  const settings = resolveSettings(options)
  if (options.host === 'inline' && settings.crashPolicy[0] === 'restart') {
    throw new BrokerError(
      'CONFIG_INVALID',
      'crash policy restart cannot be with host inline, whose broker dies with this process; choose host thread or process, or the policy abort or fallback',
    )
  }
  return settings
}

const HOSTS: Record<Exclude<HostName, 'inline'>, Host> = {
  thread: threadHost,
  process: processHost,
}
