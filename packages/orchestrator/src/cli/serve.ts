import type { Command } from 'commander'
import type { HostName, SuperviseBrokerOptions, SupervisedBroker } from '@nac-broker/broker'
import { systemClock } from '@nac-broker/supervisor'
import { BrokerHistory } from '../broker-history.ts'
import { HOST, TEXT } from '../config/setting.ts'
import { DirectUnits } from '../health/direct-units.ts'
import { guardBroker, guardDevices } from '../guard-broker.ts'
import { startGuard } from '../guard.ts'
import { interruptionExitCode } from '../interruption.ts'
import type { StatusServer } from '../status-server/server.ts'
import type { StatusServerOptions } from '../status-server/settings.ts'
import { runUnits } from '../run-units.ts'
import { startWatching } from '../watch/start-watching.ts'
import { requireWatchable } from '../watch/watch-spec.ts'
import { brokerOf } from './broker-of.ts'
import { EXIT } from './exit-codes.ts'
import { aborted, onInterrupt } from './interrupt.ts'
import { printed, printJson } from './output.ts'
import { statusOf, statusPortFlag } from './status-of.ts'
import { type CommonFlags, ENVIRONMENT_HELP, flag, subcommand } from './subcommand.ts'
import { testbedFlag, testbedOf } from './testbed-flag.ts'

interface ServeFlags extends CommonFlags {
  testbed?: string
  config?: string
  socket?: string
  store?: string
  host?: HostName
  statusPort?: number
}

const STORE_VARIABLE = 'NAC_BROKER_STORE'

/** Leaves room, within the 10 s that SIGTERM may take, for what comes after the drain. */
const DRAIN_MS = 8_000

export function serveCommand(exit: (code: number) => void): Command {
  return subcommand('serve', 'Just the broker, in the foreground', 'info')
    .addOption(testbedFlag)
    .addOption(flag('--config <file>', 'default: nac-broker.yaml, if there is one', TEXT))
    .addOption(flag('--socket <path>', 'default: a fresh one in a private directory', TEXT))
    .addOption(
      flag('--store <path>', 'default: the socket, with .store behind it', TEXT, STORE_VARIABLE),
    )
    .addOption(
      flag('--host <host>', 'where the broker runs; default: thread', HOST, 'NAC_BROKER_HOST'),
    )
    .addOption(statusPortFlag)
    .addHelpText('after', ENVIRONMENT_HELP)
    .action(async (flags: ServeFlags) => exit(await serve(flags)))
}

async function serve(flags: ServeFlags): Promise<number> {
  const { loadConfig } = await import('../config/load.ts')
  const { ownEnvironment } = await import('../config/environment.ts')
  const config = await loadConfig(flags.config, process.env)
  const testbed = await testbedOf(flags, config)
  const settings = await brokerOf({ host: flags.host }, config)
  const storePath = flags.store ?? (ownEnvironment(process.env)[STORE_VARIABLE] || undefined)
  const { resolveSupervision } = await import('@nac-broker/broker')
  const { startRunBroker } = await import('../start-run-broker.ts')
  const { DirectEvents } = await import('../health/direct-events.ts')
  const { createLog } = await import('./log.ts')
  const { watch = [] } = config
  requireWatchable(watch, process.env)
  using interrupt = onInterrupt()
  const status = statusOf(flags, config)
  await using server = status && (await statusServerFor(status, testbed))
  const log = createLog(flags.logLevel)
  await using guard = await startGuard()
  const options: SuperviseBrokerOptions = {
    ...settings,
    testbed,
    commandEvents: server !== undefined,
    onChildProcess: guardDevices(guard),
    onEvent: (event) => server?.status.record(event),
    ...(flags.socket !== undefined && { socketPath: flags.socket }),
    ...(storePath !== undefined && { storePath }),
    log,
  }
  const broker = await startRunBroker(options, interrupt.signal)
  // From the start, so that nothing is missed.
  const events = broker.events()
  if (server) follow(server, broker)
  await guardBroker(guard, broker, flags.socket ?? settings.socketPath)
  using units = runUnits(broker, { clock: systemClock, log })
  const directUnits = new DirectUnits(units, resolveSupervision(settings).maxSessionsPerDevice)
  const direct = new DirectEvents(broker.storePath, { clock: systemClock, after: 0 }, (event) => {
    server?.status.record(event)
    directUnits.take(event)
  })
  void direct.follow(broker)
  const parts = { detector: units, guard, env: process.env, clock: systemClock }
  await using watching = startWatching(watch, parts)
  const unheard = new AbortController()
  void tell(broker, events, { unheard, statusUrl: server?.url })
  await aborted(AbortSignal.any([interrupt.signal, broker.lost, unheard.signal]))
  await watching[Symbol.asyncDispose]()
  if (broker.lost.aborted) {
    await broker.close()
    return EXIT.brokerLost
  }
  const { hurry } = interrupt
  // Not just left: what runs for its devices must not outlive it.
  hurry.addEventListener('abort', () => void broker.close({ deadlineMs: 0 }), { once: true })
  await broker.close({ deadlineMs: DRAIN_MS })
  return hurry.aborted ? interruptionExitCode(hurry.reason) : EXIT.ok
}

async function statusServerFor(
  options: StatusServerOptions,
  testbed: string,
): Promise<StatusServer> {
  const { loadTestbed } = await import('@nac-broker/devices')
  const { startStatusServer } = await import('../status-server/server.ts')
  const { deviceNames } = await loadTestbed(testbed)
  return startStatusServer(options, { devices: deviceNames, workers: [], clock: systemClock })
}

function follow({ status }: StatusServer, broker: SupervisedBroker): void {
  const history = new BrokerHistory(broker, { clock: systemClock, onTurn() {} })
  status.follow({ broker, history })
}

/**
 * Prints a line for each generation that accepts requests, and one when no next one will. Aborts
 * `unheard` when the first cannot be written: nobody knows where the broker is then.
 */
async function tell(
  broker: SupervisedBroker,
  events: ReturnType<SupervisedBroker['events']>,
  { unheard, statusUrl }: { unheard: AbortController; statusUrl: string | undefined },
): Promise<void> {
  // Without a status this generation is lost already, and the next one will be told.
  const status = await broker.status().catch(() => undefined)
  if (status) {
    const { pid, generation } = status
    const page = statusUrl === undefined ? {} : { status: statusUrl }
    printJson({ event: 'listening', socket: broker.socketPath, generation, pid, ...page })
    if (!(await printed())) return unheard.abort()
  }
  for await (const event of events) {
    if (event.event === 'listening' && event.generation > (status?.generation ?? 0)) {
      const { socket, generation, pid } = event
      printJson({ event: 'listening', socket, generation, pid })
    }
    if (event.event === 'fallback') printJson(event)
  }
}
