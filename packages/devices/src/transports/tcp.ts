import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { BrokerError } from '@nac-broker/protocol'
import type { Within } from '../login-deadline.ts'
import type { LoginStep } from '../login-steps.ts'

export interface TcpTarget {
  device: string
  host: string
  port: number
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to its network',
  EHOSTDOWN: 'the host is down',
  ETIMEDOUT: 'no answer',
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
}

/**
 * A connected socket, without the delay that Nagle's algorithm adds to each command.
 * @throws {BrokerError} `DEVICE_UNREACHABLE`, `CANCELLED`
 */
export async function openTcp(
  target: TcpTarget,
  within: Within,
  onStep: (step: LoginStep) => void,
): Promise<Socket> {
  onStep('resolve')
  const socket = connect({ host: target.host, port: target.port })
  socket.setNoDelay(true)
  // What goes wrong later is told by whoever uses the socket.
  socket.on('error', () => {})
  if (isIP(target.host) > 0) onStep('tcp')
  else onceResolved(socket, () => onStep('tcp'))
  try {
    await within(once(socket, 'connect'), (ms) => unreachable(target, `no answer within ${ms} ms`))
    return socket
  } catch (error) {
    socket.destroy()
    if (error instanceof BrokerError) throw error
    throw unreachable(target, tcpReason(error), error)
  }
}

/** A name may have several addresses, of which each is told. */
function onceResolved(socket: Socket, callback: () => void): void {
  socket.once('lookup', (error: Error | null) => {
    if (!error) callback()
  })
}

function unreachable(
  { device, host, port }: TcpTarget,
  reason: string,
  cause?: unknown,
): BrokerError {
  const message = `${device}: ${host}:${port} cannot be reached: ${reason}`
  return new BrokerError('DEVICE_UNREACHABLE', message, { device, cause })
}

/** It has taken the connection, and nothing came of that. */
export function noLogin(
  { device, host, port }: TcpTarget,
  reason: string,
  cause?: unknown,
): BrokerError {
  const message = `${device}: ${host}:${port} answers, but ${reason}`
  return new BrokerError('DEVICE_UNREACHABLE', message, { device, cause })
}

/**
 * Whether the host is there and nothing listens on it. Told by the words: causes stay behind when an
 * error travels from a broker to its client.
 */
export function isConnectionRefused({ message }: BrokerError): boolean {
  return message.includes(REASONS['ECONNREFUSED'] ?? '')
}

/** What happened, in words for people. */
export function tcpReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return REASONS[code ?? ''] ?? error.message
}
