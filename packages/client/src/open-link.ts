import { once } from 'node:events'
import { statSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import {
  BrokerError,
  decodeBrokerMessage,
  encodeMessage,
  FrameDecoder,
  type Hello,
  PROTOCOL_VERSION,
  type Welcome,
} from '@nac-broker/protocol'
import { type Clock, withDeadline, failpoint } from '@nac-broker/supervisor'
import { Link } from './link.ts'

export interface OpenLinkOptions {
  socketPath: string
  /** Who we are, for the hello. */
  client: Hello['client']
  /** Socket and handshake, in milliseconds. */
  timeoutMs: number
  signal: AbortSignal | undefined
  clock: Clock
  openSocket: (path: string) => Duplex
}

/**
 * Connects and greets. A connected socket proves nothing, as even a stopped broker accepts; the
 * link is there when the broker has said welcome.
 * @throws {BrokerError} `BROKER_UNAVAILABLE`, `SOCKET_PATH_INVALID`, `BROKER_BUSY`,
 * `PROTOCOL_VIOLATION`, `CANCELLED`
 */
export async function openLink(options: OpenLinkOptions): Promise<Link> {
  const { socketPath, client, timeoutMs, signal, clock } = options
  if (signal?.aborted) throw new BrokerError('CANCELLED', 'the caller cancelled')
  const socket = options.openSocket(socketPath)
  const decoder = new FrameDecoder()
  const hello = { type: 'hello', protocol: PROTOCOL_VERSION, client } as const
  const greeting = async (): Promise<Welcome> => {
    await once(socket, 'connect')
    failpoint('client.hello')
    socket.write(encodeMessage(hello))
    return readWelcome(socket, decoder)
  }
  try {
    const welcome = await withDeadline(greeting(), {
      ms: timeoutMs,
      onTimeout: () => unavailable(socketPath, `no answer within ${Math.ceil(timeoutMs)} ms`),
      signal,
      clock,
    })
    failpoint('client.welcomed')
    return new Link({ socket, decoder, welcome, clock })
  } catch (error) {
    socket.destroy()
    if (error instanceof BrokerError) throw error
    if (signal?.aborted) throw new BrokerError('CANCELLED', 'the caller cancelled')
    throw connectError(socketPath, error as NodeJS.ErrnoException)
  }
}

/** The welcome is the first message; nothing else can come before a request is made. */
async function readWelcome(socket: Duplex, decoder: FrameDecoder): Promise<Welcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Welcome>()
  const onData = (chunk: Buffer): void => {
    try {
      for (const payload of decoder.push(chunk)) {
        const message = decodeBrokerMessage(payload)
        if (message.type === 'welcome') resolve(message)
        else if (message.type === 'goodbye') reject(BrokerError.fromWire(message.error))
      }
    } catch (error) {
      reject(error)
    }
  }
  const onClose = (): void => reject(new Error('it closed the connection without a welcome'))
  const onError = (error: Error): void => reject(error)
  socket.on('data', onData).once('close', onClose).once('error', onError)
  try {
    return await promise
  } finally {
    socket.off('data', onData).off('close', onClose).off('error', onError)
  }
}

function connectError(socketPath: string, error: NodeJS.ErrnoException): BrokerError {
  switch (error.code) {
    case 'ENOENT':
      return unavailable(socketPath, 'there is no such socket; start one with `nac-broker serve`')
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
      return isSocket(socketPath)
        ? unavailable(socketPath, 'no broker listens there any more')
        : invalidPath(socketPath, 'it is no socket; name the one that the broker listens at')
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return invalidPath(
        socketPath,
        `the path has ${Buffer.byteLength(socketPath)} bytes, more than a socket's can have; choose a shorter one`,
      )
    case 'ENOTDIR':
      return invalidPath(socketPath, 'a part of the path is no directory')
    case 'EACCES':
    case 'EPERM':
      return unavailable(
        socketPath,
        "permission denied; a broker's socket is for its own user only",
      )
    case 'EAGAIN':
      return new BrokerError('BROKER_BUSY', `broker at ${socketPath} is busy, try again`)
    default:
      return unavailable(socketPath, error.message)
  }
}

/** True where nobody can tell any more. */
function isSocket(socketPath: string): boolean {
  try {
    return statSync(socketPath).isSocket()
  } catch {
    return true
  }
}

function invalidPath(socketPath: string, why: string): BrokerError {
  return new BrokerError('SOCKET_PATH_INVALID', `socket ${socketPath}: ${why}`)
}

function unavailable(socketPath: string, why: string): BrokerError {
  return new BrokerError('BROKER_UNAVAILABLE', `no broker at ${socketPath}: ${why}`)
}
