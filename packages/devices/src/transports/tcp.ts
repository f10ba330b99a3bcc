import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { BrokerError } from '@nac-broker/protocol'
import type { Within } from '../login-deadline.ts'

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
export async function openTcp(target: TcpTarget, within: Within): Promise<Socket> {
  const socket = connect({ host: target.host, port: target.port })
  socket.setNoDelay(true)
  // What goes wrong later is told by whoever uses the socket.
  socket.on('error', () => {})
  try {
    await within(once(socket, 'connect'), (ms) => unreachable(target, `no answer within ${ms} ms`))
    return socket
  } catch (error) {
    socket.destroy()
    if (error instanceof BrokerError) throw error
    throw unreachable(target, tcpReason(error), error)
  }
}

export function unreachable(
  { device, host, port }: TcpTarget,
  reason: string,
  cause?: unknown,
): BrokerError {
  const message = `${device}: ${host}:${port} cannot be reached: ${reason}`
  return new BrokerError('DEVICE_UNREACHABLE', message, { device, cause })
}

/** What happened, in words for people. */
export function tcpReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return REASONS[code ?? ''] ?? error.message
}
