import { once } from 'node:events'
import { createConnection } from 'node:net'
import { encodeFrame, FrameDecoder } from '@nac-broker/protocol'
import { pack, unpack } from 'msgpackr'
import type { Subject } from './compare.ts'

interface Message {
  id: number
}

/** The bare round trip: pack, socket, unpack, and whose answer it is; nothing else. */
export async function echoSubject(socketPath: string): Promise<Subject & Disposable> {
  const socket = createConnection(socketPath)
  await once(socket, 'connect')
  const decoder = new FrameDecoder()
  const waiting = new Map<number, (answer: Message) => void>()
  socket.on('data', (chunk: Buffer) => {
    for (const payload of decoder.push(chunk)) {
      const answer = unpack(payload) as Message
      waiting.get(answer.id)?.(answer)
      waiting.delete(answer.id)
    }
  })
  let id = 0
  return {
    name: 'bare MessagePack echo',
    async once() {
      const params = { device: 'sim-1', command: 'show nonce bench' }
      const message = { type: 'request', id: ++id, operation: 'execute', params, remainingMs: 1e5 }
      socket.write(encodeFrame(pack(message)))
      const answer = await new Promise<Message>((resolve) => waiting.set(message.id, resolve))
      return () => {
        if (JSON.stringify(answer) === JSON.stringify(message)) return
        throw new Error(`the echo of ${JSON.stringify(message)} was ${JSON.stringify(answer)}`)
      }
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}
