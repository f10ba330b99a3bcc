/** The physical limit beside which the broker is measured: MessagePack in, the same MessagePack out. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { encodeFrame, FrameDecoder } from '@nac-broker/protocol'
import { pack, unpack } from 'msgpackr'
import { readyUntilCutOff } from './lifetime.ts'

const server = createServer((socket) => {
  const decoder = new FrameDecoder()
  socket.on('data', (chunk: Buffer) => {
    for (const payload of decoder.push(chunk)) socket.write(encodeFrame(pack(unpack(payload))))
  })
  socket.on('error', () => socket.destroy())
})
server.listen(process.argv[2])
await once(server, 'listening')
await readyUntilCutOff()
process.exit()
