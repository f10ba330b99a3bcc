/** The limit of a broker that speaks nac-test's dialect: JSON in, a fixed JSON out. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { encodeFrame, FrameDecoder } from '@nac-broker/protocol'
import { readyUntilCutOff } from './lifetime.ts'

const server = createServer((socket) => {
  const decoder = new FrameDecoder()
  socket.on('data', (chunk: Buffer) => {
    for (const payload of decoder.push(chunk)) {
      const { command } = JSON.parse(payload.toString()) as { command: string }
      const result = command === 'ping' ? 'pong' : 'bench 1'
      socket.write(encodeFrame(Buffer.from(JSON.stringify({ status: 'success', result }))))
    }
  })
  socket.on('error', () => socket.destroy())
})
server.listen(process.argv[2])
await once(server, 'listening')
await readyUntilCutOff()
process.exit()
