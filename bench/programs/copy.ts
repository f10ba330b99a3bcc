/** Sends so many bytes for each byte it gets, no faster than they are taken: what a socket can do. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { readyUntilCutOff } from './lifetime.ts'

const PIECE = Buffer.alloc(1024 * 1024, 'x')

const [socketPath, bytes] = process.argv.slice(2)
const server = createServer((socket) => {
  socket.on('data', () => void send(Number(bytes)))
  socket.on('error', () => socket.destroy())
  const send = async (left: number): Promise<void> => {
    for (let rest = left; rest > 0; rest -= PIECE.length)
      if (!socket.write(PIECE.subarray(0, rest))) await once(socket, 'drain')
  }
})
server.listen(socketPath)
await once(server, 'listening')
await readyUntilCutOff()
process.exit()
