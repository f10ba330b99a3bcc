import type { Socket } from 'node:net'
import { BrokerError } from '@nac-broker/protocol'
import type { Client } from 'ssh2'
import { oneLine } from '../cli/visible-text.ts'
import type { Secrets } from '../secrets.ts'
import type { HostKeyCheck } from './host-key-check.ts'
import type { SshAuthentication } from './ssh-authentication.ts'
import { noLogin, type TcpTarget, tcpReason } from './tcp.ts'

/** RFC 4253, section 11.1, and RFC 4254, section 5.1. */
const TOO_MANY_CONNECTIONS = 12
const RESOURCE_SHORTAGE = 4

const GREETING_BYTES = 500

export interface SshLoginContext {
  target: TcpTarget
  username: string
  hostKey: HostKeyCheck
  authentication: SshAuthentication
  linesFull: RegExp
  secrets: Secrets
}

/** Listens to a login from its first byte on, so that its failure can be put in words. */
export class SshFailure {
  readonly #context: SshLoginContext
  #said = ''
  #shaken = false
  #loggedIn = false

  constructor(client: Client, socket: Socket, context: SshLoginContext) {
    this.#context = context
    // A device that refuses us in plain text has no SSH banner.
    socket.once('data', (bytes: Buffer) => {
      const greeting = bytes.toString('latin1', 0, GREETING_BYTES)
      if (!greeting.startsWith('SSH-')) this.#said = greeting
    })
    client.on('banner', (text) => (this.#said += text))
    client.on('handshake', () => (this.#shaken = true))
    client.on('ready', () => (this.#loggedIn = true))
  }

  /** What `error` means; undefined is a connection that ended without a word. */
  explain(error: (Error & { code?: unknown; reason?: unknown }) | undefined): BrokerError {
    const { target, username, hostKey, authentication, linesFull, secrets } = this.#context
    const { device, host, port } = target
    if (hostKey.error) return hostKey.error
    const reason = error ? secrets.scrub(tcpReason(error)) : 'the device closed the connection'
    const said = secrets.scrub(this.#said)
    const text = `${said}\n${secrets.scrub(error?.message ?? '')}`
    const full = error?.code === TOO_MANY_CONNECTIONS || error?.reason === RESOURCE_SHORTAGE
    if (full || linesFull.test(text)) {
      const line = oneLine(text.split('\n').find((part) => linesFull.test(part)) ?? reason, 80)
      const message = `${device}: ${host}:${port} has no session left ("${line}")`
      return new BrokerError('SESSION_LIMIT', message, { device, cause: error })
    }
    if (!this.#shaken) {
      const words = said === '' ? '' : `; it said "${oneLine(said, 80)}"`
      return noLogin(target, `there was no SSH handshake (${oneLine(reason, 120)})${words}`, error)
    }
    if (!this.#loggedIn && (authentication.exhausted || authentication.begun)) {
      const how = authentication.exhausted
        ? ''
        : ` by ending the connection (${oneLine(reason, 80)})`
      const message = `${device}: ${host}:${port} refused user "${username}"${how}: ${authentication.story}`
      return new BrokerError('AUTHENTICATION_FAILED', message, { device, cause: error })
    }
    return noLogin(target, `the login failed (${oneLine(reason, 120)})`, error)
  }
}
