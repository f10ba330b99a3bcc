import { asBrokerError, BrokerError } from '@nac-broker/protocol'
import { type Clock, systemClock } from '@nac-broker/supervisor'
import { Cli } from './cli/cli.ts'
import { CliSession } from './cli/cli-session.ts'
import { logIn } from './cli/log-in.ts'
import { loginDeadline, type Within } from './login-deadline.ts'
import type { LoginStep } from './login-steps.ts'
import { type Secrets, secretsOf } from './secrets.ts'
import type { Session } from './session.ts'
import { terminalHint } from './slow-login.ts'
import { resolveCredential } from './testbed/credentials.ts'
import type { Device, HostKeyPolicy } from './testbed/testbed.ts'
import { openCommand } from './transports/command.ts'
import type * as Ssh from './transports/ssh.ts'
import type { OpenTransport, Transport } from './transports/transport.ts'

export interface OpenSessionOptions {
  /** TCP (or spawn) to first prompt, everything included, in milliseconds. Default 30,000. */
  loginTimeoutMs?: number
  /** Holds where the testbed's `ssh_options` do not say. Default `strict`. */
  hostKeys?: HostKeyPolicy
  /** SSH keepalive; an unanswered one ends the session after three. Default 10,000; `off` disables. */
  keepaliveIntervalMs?: number | 'off'
  /** Where `%ENV{}` markup looks, and what a command inherits. Default `process.env`. */
  env?: NodeJS.ProcessEnv
  /**
   * Told the pid of a `command:` device's child process, and process group, as soon as there is one:
   * for whoever has to end it should we die.
   */
  onChildProcess?: (pid: number) => void
  /**
   * Told each step of the login as it begins: the one before it is done then. Of a login that fails, the
   * last one told is the one that failed; none is told where something is missing to begin with.
   */
  onStep?: ((step: LoginStep) => void) | undefined
  /** The way to the device's CLI, where it is not the one that the testbed says. */
  openTransport?: OpenTransport | undefined
  /** Aborting gives the login up. */
  signal?: AbortSignal | undefined
  clock?: Clock
}

/**
 * Loads what speaks SSH; otherwise the first login does. Whoever reaches devices through a broker never needs
 * it, and the 10 MB of memory that it takes in each process.
 */
export async function loadSsh(): Promise<typeof Ssh> {
  return import('./transports/ssh.ts')
}

/**
 * A live session from a testbed's device.
 * @throws {BrokerError} `DEVICE_UNREACHABLE`, `HOST_KEY_UNKNOWN`, `HOST_KEY_CHANGED`,
 * `AUTHENTICATION_FAILED`, `CREDENTIALS_MISSING`, `PROMPT_NOT_FOUND`, `SESSION_LIMIT` (the device says
 * that all its lines are taken), `COMMAND_REJECTED` (its `init_config_commands`), `CANCELLED`. Nothing
 * is left open then.
 */
export async function openSession(
  device: Device,
  options: OpenSessionOptions = {},
): Promise<Session> {
  const { loginTimeoutMs = 30_000, env = process.env, signal, clock = systemClock } = options
  const within = loginDeadline({ device: device.name, loginTimeoutMs, signal, clock })
  const secrets = secretsOf(device, env)
  const transport = options.openTransport
    ? await options.openTransport(device, within)
    : await openTransport(device, { ...options, env, clock, secrets }, within)
  const cli = new Cli(transport, device, { secrets, clock })
  try {
    const atPrompt = logIn(cli, () => enablePassword(device, env))
    await within(atPrompt, (ms) => promptNotFound(cli, ms))
    return new CliSession(cli, clock)
  } catch (error) {
    const failure = loginFailure(error, device)
    cli.fail(failure)
    await cli.closed
    throw failure
  }
}

async function openTransport(
  device: Device,
  options: OpenSessionOptions & { env: NodeJS.ProcessEnv; clock: Clock; secrets: Secrets },
  within: Within,
): Promise<Transport> {
  const { env, clock, secrets, hostKeys = 'strict', keepaliveIntervalMs = 10_000 } = options
  const { onStep = () => {} } = options
  const { name, connection } = device
  if (connection.protocol === 'command') {
    const { onChildProcess } = options
    const { command } = connection
    onStep('spawn')
    const opening = { device: name, command, env, within, clock, secrets, onChildProcess }
    const transport = await openCommand(opening)
    onStep('prompt')
    return transport
  }
  const { username, password } = resolveCredential(device, 'default', env)
  if (username === undefined) throw missing(device, 'username', 'default')
  const credential = { username, ...(password !== undefined && { password }) }
  const login = { credential, hostKeys, keepaliveIntervalMs, env, within, onStep, clock, secrets }
  const { openSsh } = await loadSsh()
  return openSsh(device, connection, login)
}

/** @throws {BrokerError} `CREDENTIALS_MISSING` */
function enablePassword(device: Device, env: NodeJS.ProcessEnv): string {
  const { password } = resolveCredential(device, 'enable', env)
  if (password === undefined) throw missing(device, 'password', 'enable')
  return password
}

function missing({ name, credentials }: Device, what: string, credential: string): BrokerError {
  const at = credentials[credential]?.at ?? credentials['default']?.at
  const message = `${at === undefined ? '' : `${at}: `}device "${name}" has no ${what}; add it to credentials.${credential}`
  return new BrokerError('CREDENTIALS_MISSING', message, { device: name })
}

function promptNotFound(cli: Cli, loginTimeoutMs: number): BrokerError {
  const { name, platform } = cli.device
  const { lastWords } = cli
  const came = lastWords === '' ? 'nothing came' : `the last line was "${lastWords}"`
  const message = `${name}: no ${platform.os[0]} prompt within ${loginTimeoutMs} ms, ${came}; check the device's os${terminalHint(cli.device)}`
  return new BrokerError('PROMPT_NOT_FOUND', message, { device: name })
}

/** A session that is lost before it was one is a device that could not be reached. */
function loginFailure(error: unknown, { name }: Device): BrokerError {
  const failure = asBrokerError(error, { device: name })
  if (failure.code !== 'SESSION_LOST') return failure
  const { message, cause } = failure
  return new BrokerError('DEVICE_UNREACHABLE', message, { device: name, cause })
}
