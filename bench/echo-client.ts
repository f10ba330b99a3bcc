import { once } from 'node:events'
import { createConnection } from 'node:net'
import { encodeFrame, FrameDecoder } from '@nac-broker/protocol'
import { pack, unpack } from 'msgpackr'
import type { Subject } from './compare.ts'

/** The bare round trip: pack, socket, unpack; nothing else. */
export async function echoSubject(socketPath: string): Promise<Subject & Disposable> {
  const socket = createConnection(socketPath)
  await once(socket, 'connect')
  const decoder = new FrameDecoder()
  let onAnswer: (answer: { id: number }) => void = () => {}
  socket.on('data', (chunk: Buffer) => {
    for (const payload of decoder.push(chunk)) onAnswer(unpack(payload) as { id: number })
  })
  let id = 0
  return {
    name: 'bare MessagePack echo',
    async once() {
      const params = { device: 'sim-1', command: 'show nonce bench' }
      const message = { type: 'request', id: ++id, operation: 'execute', params, remainingMs: 1e5 }
      socket.write(encodeFrame(pack(message)))
      const answer = await new Promise<{ id: number }>((resolve) => (onAnswer = resolve))
      return () => {
        if (answer.id !== message.id) throw new Error(`echo answered ${answer.id} to ${message.id}`)
      }
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}
