import { createConnection } from 'node:net'
import { once } from 'node:events'
import {
  decodeBrokerMessage,
  encodeMessage,
  FrameDecoder,
  PROTOCOL_VERSION,
} from '@nac-broker/protocol'
import { type Clock, withDeadline } from '@nac-broker/supervisor'

const ANSWER_TIMEOUT_MS = 1_000

/** Who is behind a socket file. */
export type SocketHolder = { kind: 'nobody' } | { kind: 'broker'; pid: number } | { kind: 'silent' }

/** Whether connecting is refused: who listened there is gone. */
export async function nobodyListens(socketPath: string): Promise<boolean> {
  const socket = createConnection(socketPath)
  try {
    await once(socket, 'connect')
    return false
  } catch (error) {
    return isRefusal(error)
  } finally {
    socket.destroy()
  }
}

/** Anything else, a full backlog for one (EAGAIN), means that somebody listens. */
function isRefusal(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ECONNREFUSED' || code === 'ENOENT'
}

/** Connecting proves nothing, as even a stopped process accepts: only an answered hello does. */
export async function probeSocket(socketPath: string, clock: Clock): Promise<SocketHolder> {
  const socket = createConnection(socketPath)
  try {
    await once(socket, 'connect')
  } catch (error) {
    return isRefusal(error) ? { kind: 'nobody' } : { kind: 'silent' }
  }
  const hello = { type: 'hello', protocol: PROTOCOL_VERSION } as const
  socket.write(encodeMessage({ ...hello, client: { name: 'probe', pid: process.pid } }))
  const answer = (async (): Promise<SocketHolder> => {
    const decoder = new FrameDecoder()
    for await (const chunk of socket) {
      for (const payload of decoder.push(chunk as Buffer)) {
        const message = decodeBrokerMessage(payload)
        if (message.type === 'welcome') return { kind: 'broker', pid: message.pid }
      }
    }
    return { kind: 'silent' }
  })().catch((): SocketHolder => ({ kind: 'silent' }))
  try {
    return await withDeadline(answer, {
      ms: ANSWER_TIMEOUT_MS,
      onTimeout: () => new Error(),
      clock,
    })
  } catch {
    return { kind: 'silent' }
  } finally {
    socket.destroy()
  }
}
