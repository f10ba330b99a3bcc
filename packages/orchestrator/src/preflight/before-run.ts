import type { SupervisedBroker } from '@nac-broker/broker'
import type { Testbed } from '@nac-broker/devices'
import { asBrokerError, BrokerError } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import type { Logger } from 'pino'
import type { BrokerConfig } from '../config/config.ts'
import type { FailurePolicy } from '../failure-policy.ts'
import type { RunEvent } from '../run-options.ts'
import { brokerLogin } from './broker-login.ts'
import { preflight } from './preflight.ts'
import { type PreflightReport, unreachableText } from './report.ts'

export interface Preflight {
  report: PreflightReport
  /** Aborted, with the reason: no worker is to be started. */
  stop?: AbortSignal
}

export interface BeforeRunOptions {
  testbed: Testbed
  policy: FailurePolicy
  config: BrokerConfig
  env: NodeJS.ProcessEnv
  clock: Clock
  log: Logger
  emit: (event: RunEvent) => void
  signal: AbortSignal
}

/** One connection to the broker takes 1024 requests at a time. */
const MAX_AT_ONCE = 500

/**
 * The preflight of a run, before its workers. Undefined where it could not be finished, because the run
 * was interrupted or the broker was lost: that ends the run, or does not, as it would without it.
 */
export async function preflightOf(
  broker: SupervisedBroker,
  options: BeforeRunOptions,
): Promise<Preflight | undefined> {
  const { testbed, policy, config, log, emit, signal } = options
  const { maxConnections } = config
  emit({ event: 'preflight', devices: testbed.deviceNames.length - testbed.problems.length })
  try {
    await using login = await brokerLogin(broker, options)
    const report = await preflight(testbed, {
      logIn: login.logIn,
      maxConnections: maxConnections && Math.min(maxConnections, MAX_AT_ONCE),
      onDevice: (device) => emit({ event: 'device-looked-at', device }),
      signal,
    })
    emit({ event: 'preflight-ended', report })
    if (report.unreachable.length === 0 || policy.name !== 'fail_fast') return { report }
    const error = new BrokerError('DEVICE_UNREACHABLE', unreachableText(report))
    return { report, stop: AbortSignal.abort(error) }
  } catch (error) {
    if (!signal.aborted) {
      log.warn(`the preflight could not be finished: ${asBrokerError(error).message}`)
    }
    return undefined
  }
}
