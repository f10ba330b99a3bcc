import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import {
  type BrokerEvent,
  decodeBrokerMessage,
  encodeMessage,
  FrameDecoder,
  MAX_FRAME_BYTES,
  PROTOCOL_VERSION,
  type UnitChange,
} from '@nac-broker/protocol'
import { expect, it } from 'vitest'
import { startLab } from './lab.fixture.ts'

/** Far more than sockets hold: 40 MB. */
const EVENTS = 40_000
const CAUSE = 'x'.repeat(1_000)
/** What a Unix socket and the broker's own buffer may hold of it. */
const HELD_BYTES = 4_000_000

const change = (number: number): UnitChange => {
  return { event: 'unit', unit: `watch ${number}`, kind: 'watch', state: 'failed', cause: CAUSE }
}

/** A subscriber that reads nothing once it is subscribed. */
async function subscribe(socketPath: string): Promise<{ socket: Socket; events: BrokerEvent[] }> {
  const socket = createConnection(socketPath)
  const decoder = new FrameDecoder(MAX_FRAME_BYTES)
  const events: BrokerEvent[] = []
  const subscribed = Promise.withResolvers<void>()
  socket.on('data', (bytes: Buffer) => {
    for (const payload of decoder.push(bytes)) {
      const message = decodeBrokerMessage(payload)
      if (message.type === 'event') events.push(message.event)
      if (message.type === 'response') subscribed.resolve()
    }
  })
  await once(socket, 'connect')
  const client = { name: 'slow', pid: process.pid }
  socket.write(encodeMessage({ type: 'hello', protocol: PROTOCOL_VERSION, client }))
  const request = { operation: 'subscribe', params: {}, remainingMs: 60_000 }
  socket.write(encodeMessage({ type: 'request', id: 1, ...request }))
  await subscribed.promise
  socket.pause()
  return { socket, events }
}

it('a subscriber that does not read is left out, is told how much it has missed, and holds up nobody', async () => {
  await using lab = await startLab({ devices: 1 })
  const client = await lab.client()
  const { socket, events } = await subscribe(lab.broker.socketPath)
  for (let number = 0; number < EVENTS; number++) lab.broker.tell(change(number))
  expect(await client.status()).toHaveProperty('clients', 2)

  // Nothing else happens that it could be told of as well.
  socket.resume()
  while (events.at(-1)?.event !== 'missed') await once(socket, 'data')
  const told = events.length - 1
  expect(events.at(-1)).toEqual({ event: 'missed', count: EVENTS - told })
  expect(told * CAUSE.length).toBeLessThan(HELD_BYTES)
  lab.broker.tell(change(EVENTS))
  while (events.at(-1)?.event === 'missed') await once(socket, 'data')
  expect(events.at(-1)).toHaveProperty('unit', `watch ${EVENTS}`)
  socket.destroy()
})
