import { type BrokerClient, connect } from '@nac-broker/client'
import { asBrokerError, BrokerError } from '@nac-broker/protocol'
import { systemClock } from '@nac-broker/supervisor'
import { interruptionExitCode } from '../interruption.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { onInterrupt } from './interrupt.ts'
import { printError, printJson } from './output.ts'

export interface ClientFlags {
  socket?: string
  store?: string
  testbed?: string
  policy?: string
  timeoutMs?: number
  json?: boolean
}

/** What a call may take, everything included: a login and a command, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 120_000
const CONNECT_TIMEOUT_MS = 5_000

/**
 * Makes one call as a client and returns the exit code. An error is printed, as JSON if that was
 * asked for; `device` is whom the call is about.
 * @throws {BrokerError} `CONFIG_INVALID` when no socket is named.
 */
export async function callBroker(
  flags: ClientFlags,
  device: string | undefined,
  call: (client: BrokerClient, limits: { timeoutMs: number; signal: AbortSignal }) => Promise<void>,
): Promise<number> {
  const socketPath = flags.socket ?? process.env['NAC_TEST_BROKER_SOCKET']
  if (!socketPath) {
    throw new BrokerError(
      'CONFIG_INVALID',
      'no broker: give --socket PATH, or set NAC_TEST_BROKER_SOCKET',
    )
  }
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = flags
  const deadlineMs = systemClock.now() + timeoutMs
  using interrupt = onInterrupt()
  const { signal } = interrupt
  let connected = false
  try {
    const connectTimeoutMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs)
    await using client = await connect({
      socketPath,
      connectTimeoutMs,
      crashPolicy: flags.policy,
      storePath: flags.store,
      testbed: flags.testbed,
      signal,
      name: 'nac-broker',
    })
    connected = true
    const limits = { timeoutMs: Math.max(1, deadlineMs - systemClock.now()), signal }
    try {
      await call(client, limits)
    } finally {
      if (client.state === 'direct') await warnOfFallback(client)
    }
    return EXIT.ok
  } catch (error) {
    const failure = asBrokerError(error)
    const { code, message, sent } = failure
    if (flags.json)
      printJson({ error: { ...(device !== undefined && { device }), ...failure.toJSON() } })
    else printError(`${code}: ${message}${device === undefined ? '' : ` (sent: ${sent})`}`)
    if (signal.aborted) return interruptionExitCode(signal.reason)
    if (code === 'BROKER_LOST') return EXIT.brokerLost
    return connected ? EXIT.failed : exitCodeOf(code)
  }
}

/** Of a client that has fallen back: what is lost, and what is kept. */
async function warnOfFallback(client: BrokerClient): Promise<void> {
  for await (const event of client.events()) {
    if (event.event === 'direct') printError(`warning: ${event.warning}`)
    return
  }
}
