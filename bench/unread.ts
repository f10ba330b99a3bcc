import { createConnection, type Socket } from 'node:net'
import { encodeMessage, PROTOCOL_VERSION } from '@nac-broker/protocol'
import { BULK_COMMAND } from './bulk.ts'

/** More than a welcome. */
const BEGUN_BYTES = 10_000

/** A client that asks for a long output and stops reading it at once. Resolves when it has begun to come. */
export async function unreadBulk(socketPath: string): Promise<Socket> {
  const socket = createConnection(socketPath)
  const client = { name: 'unread', pid: process.pid }
  const params = { device: 'sim-1', command: BULK_COMMAND }
  socket.write(encodeMessage({ type: 'hello', protocol: PROTOCOL_VERSION, client }))
  const request = { type: 'request', id: 1, operation: 'execute', params } as const
  socket.write(encodeMessage({ ...request, remainingMs: 600_000 }))
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  socket.once('close', () => reject(new Error('the broker has closed the connection')))
  let received = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received < BEGUN_BYTES) return
    socket.pause()
    resolve(socket)
  })
  return promise
}
