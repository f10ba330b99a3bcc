import { once } from 'node:events'
import { createConnection } from 'node:net'
import { systemClock } from '@nac-broker/supervisor'

/** Takes so many bytes from a socket for one that it sends; returns how long that took, in milliseconds. */
export async function copyClient(
  socketPath: string,
  bytes: number,
): Promise<{ round(): Promise<number> } & Disposable> {
  const socket = createConnection(socketPath)
  await once(socket, 'connect')
  return {
    async round() {
      const { promise, resolve } = Promise.withResolvers<void>()
      let received = 0
      const take = (chunk: Buffer): void => {
        received += chunk.length
        if (received >= bytes) resolve()
      }
      socket.on('data', take)
      const startedMs = systemClock.now()
      socket.write('x')
      await promise
      const tookMs = systemClock.now() - startedMs
      socket.off('data', take)
      if (received !== bytes) throw new Error(`${received} bytes were copied, not ${bytes}`)
      return tookMs
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}
