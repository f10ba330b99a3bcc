import type { Socket } from 'node:net'
import type { BrokerError } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import ssh2, {
  type AnyAuthMethod,
  type Client,
  type ClientChannel,
  type ConnectConfig,
  type PseudoTtyOptions,
} from 'ssh2'
import type { Within } from '../login-deadline.ts'
import type { LoginStep } from '../login-steps.ts'
import type { Secrets } from '../secrets.ts'
import type { Device, HostKeyPolicy, SshConnection } from '../testbed/testbed.ts'
import { HostKeyCheck } from './host-key-check.ts'
import { offeredAlgorithms } from './ssh-algorithms.ts'
import { SshAuthentication } from './ssh-authentication.ts'
import { onBanner } from './ssh-banner.ts'
import { SshFailure } from './ssh-failure.ts'
import { prepareKeys } from './ssh-packet-keys.ts'
import { SshTransport } from './ssh-transport.ts'
import { noLogin, openTcp } from './tcp.ts'
import type { Transport } from './transport.ts'

export interface SshOptions {
  credential: { username: string; password?: string }
  hostKeys: HostKeyPolicy
  keepaliveIntervalMs: number | 'off'
  env: NodeJS.ProcessEnv
  within: Within
  /** Told each step as it begins; the one before it is done. */
  onStep: (step: LoginStep) => void
  clock: Clock
  /** Kept out of what is told of the device's words. */
  secrets: Secrets
}

/** Unanswered keepalives after which a connection is given up. */
const KEEPALIVES = 3

/**
 * `dumb` keeps readline (vtysh, bash) from printing escape sequences, and makes it scroll a line that
 * is too long sideways instead of wrapping it: hence the width. One less than a power of two stays
 * wide in a device that keeps fewer bits of it (IOS has 9).
 */
const TERMINAL: PseudoTtyOptions = { term: 'dumb', cols: 4095, rows: 1000, width: 0, height: 0 }

/**
 * A shell on the device.
 * @throws {BrokerError} `DEVICE_UNREACHABLE`, `HOST_KEY_UNKNOWN`, `HOST_KEY_CHANGED`,
 * `AUTHENTICATION_FAILED`, `SESSION_LIMIT`, `CANCELLED`
 */
export async function openSsh(
  { name: device, platform }: Device,
  connection: SshConnection,
  options: SshOptions,
): Promise<Transport> {
  const { credential, env, within, onStep, clock, secrets } = options
  const target = { device, host: connection.host, port: connection.port }
  const hostKey = HostKeyCheck.prepare(device, connection, options.hostKeys)
  const authentication = SshAuthentication.prepare({
    username: credential.username,
    password: credential.password,
    identityFiles: connection.identityFiles,
    agent: env['SSH_AUTH_SOCK'],
  })
  const socket = await openTcp(target, within, onStep)
  onStep('banner')
  const client = new ssh2.Client()
  prepareKeys(client)
  const failure = new SshFailure(client, socket, {
    target,
    username: credential.username,
    hostKey,
    authentication,
    linesFull: platform.linesFull,
    secrets,
  })
  onBanner(socket, () => onStep('host-key'))
  // Keys are exchanged again some time later: that is no step of the login.
  client.once('handshake', () => onStep('login'))
  const slow = (ms: number): BrokerError =>
    noLogin(target, `there was no SSH login within ${ms} ms`)
  try {
    const config = clientConfig(socket, hostKey, authentication, options)
    await within(logIn(client, config, failure), slow)
    await within(hostKey.record(), slow)
    onStep('prompt')
    const shell = openShell(client, failure, (channel) => {
      return new SshTransport({ client, socket, channel, target, clock, secrets })
    })
    return await within(shell, slow)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function clientConfig(
  socket: Socket,
  hostKey: HostKeyCheck,
  authentication: SshAuthentication,
  { credential, keepaliveIntervalMs }: SshOptions,
): ConnectConfig {
  return {
    sock: socket,
    username: credential.username,
    // The time is kept by our clock.
    readyTimeout: 0,
    keepaliveInterval: keepaliveIntervalMs === 'off' ? 0 : keepaliveIntervalMs,
    keepaliveCountMax: KEEPALIVES,
    algorithms: offeredAlgorithms(hostKey.knownTypes),
    hostVerifier: (key: Buffer) => hostKey.accepts(key),
    authHandler: (allowed, _partial, next) => {
      // `false`, "no more", is missing in the types.
      const proceed = next as (method: AnyAuthMethod | false) => void
      proceed(authentication.next(allowed))
    },
  }
}

function logIn(client: Client, config: ConnectConfig, failure: SshFailure): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('ready', resolve)
    client.on('error', (error) => {
      // An agent that cannot help is passed over.
      if (error.level !== 'agent') reject(failure.explain(error))
    })
    client.once('close', () => reject(failure.explain(undefined)))
    client.connect(config)
  })
}

/** `wrap` is called in the turn in which the shell opens. */
function openShell(
  client: Client,
  failure: SshFailure,
  wrap: (channel: ClientChannel) => Transport,
): Promise<Transport> {
  return new Promise((resolve, reject) => {
    client.once('close', () => reject(failure.explain(undefined)))
    try {
      client.shell(TERMINAL, (error, channel) => {
        if (error) reject(failure.explain(error))
        else resolve(wrap(channel))
      })
    } catch {
      // ssh2 throws when the connection has ended since the login.
      reject(failure.explain(undefined))
    }
  })
}
