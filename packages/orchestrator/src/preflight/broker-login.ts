import type { SupervisedBroker } from '@nac-broker/broker'
import { type BrokerClient, connect } from '@nac-broker/client'
import type { Testbed } from '@nac-broker/devices'
import { asBrokerError } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import type { BrokerConfig } from '../config/config.ts'
import type { LogIn } from './preflight.ts'
import type { LoginAttempt } from './report.ts'

export interface BrokerLoginOptions {
  testbed: Testbed
  config: BrokerConfig
  env: NodeJS.ProcessEnv
  clock: Clock
  signal: AbortSignal
}

const DEFAULT_LOGIN_TIMEOUT_MS = 30_000
/** Besides the login itself: another device's session may have to be closed first. */
const SLOT_MS = 5_000

/**
 * Has the run's broker log in. Its sessions stay in the pool, where the workers find them: nothing is
 * logged in to twice, and limits and waiting for a free line are as they will be for the workers.
 */
export async function brokerLogin(
  broker: SupervisedBroker,
  { testbed, config, env, clock, signal }: BrokerLoginOptions,
): Promise<{ logIn: LogIn } & AsyncDisposable> {
  const { loginTimeoutMs = DEFAULT_LOGIN_TIMEOUT_MS, hostKeys } = config
  const client = await connect({
    // It is none of the run's workers, whatever started us.
    env: { ...env, ...broker.env(), NAC_BROKER_WORKER: undefined },
    name: 'preflight',
    testbed,
    loginTimeoutMs,
    hostKeys,
    givenUp: broker.lost,
    clock,
    signal,
  })
  const steps = new Map<string, LoginAttempt['steps']>()
  // Its subscription is sent before the first login is asked for. Without steps, a login is one step.
  const following = follow(client, steps).catch(() => {})
  const timeoutMs = loginTimeoutMs + SLOT_MS
  return {
    async logIn({ name }, until) {
      const failure = await client.connect(name, { timeoutMs, signal: until }).then(
        () => undefined,
        (error: unknown) => asBrokerError(error, { device: name }),
      )
      // The device has nothing to do with that.
      if (failure?.code.startsWith('BROKER_')) throw failure
      // The event with the steps was sent before the answer, so once this is answered it has been read.
      await client.ping({ timeoutMs: SLOT_MS, signal: until }).catch(() => {})
      return { steps: steps.get(name) ?? [], ...(failure && { error: failure }) }
    },
    async [Symbol.asyncDispose]() {
      await client.close()
      await following
    },
  }
}

/** Keeps the steps of each device's latest login. */
async function follow(
  client: BrokerClient,
  steps: Map<string, LoginAttempt['steps']>,
): Promise<void> {
  for await (const event of client.events()) {
    if (event.event === 'session-opened' || event.event === 'login-failed') {
      steps.set(event.device, event.steps ?? [])
    }
  }
}
