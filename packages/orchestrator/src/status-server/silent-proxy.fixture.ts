import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server on which its streams of events may fall silent. */
export interface SilentProxy extends AsyncDisposable {
  readonly url: string
  /** The streams that there are stay open, and nothing comes any more. */
  silenceStreams(): void
}

export async function startSilentProxy(url: string): Promise<SilentProxy> {
  const { hostname, port } = new URL(url)
  const open = new Set<Socket>()
  const silence = new Set<() => void>()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    near.pipe(far).pipe(near)
    near.on('data', (asked) => {
      if (asked.includes('GET /events')) silence.add(() => far.unpipe(near))
    })
    for (const one of [near, far]) {
      open.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        near.destroy()
        far.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    silenceStreams() {
      for (const fallSilent of silence) fallSilent()
    },
    async [Symbol.asyncDispose]() {
      for (const one of open) one.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
