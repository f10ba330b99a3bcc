import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { encodeFrame, FrameDecoder } from '@nac-broker/protocol'

/** A client that speaks nac-test's JSON dialect by hand: frames out, replies in, in order. */
export class NacTestClient implements Disposable {
  readonly socket: Socket
  readonly #replies: unknown[] = []
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    // Responses have no limit in this dialect.
    const decoder = new FrameDecoder(100 * 1024 * 1024)
    socket.on('data', (chunk: Buffer) => {
      for (const payload of decoder.push(chunk)) this.#replies.push(JSON.parse(payload.toString()))
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => this.#wake())
  }

  static async connect(socketPath: string): Promise<NacTestClient> {
    const socket = createConnection(socketPath)
    await once(socket, 'connect')
    return new NacTestClient(socket)
  }

  send(request: unknown): void {
    this.socket.write(encodeFrame(Buffer.from(JSON.stringify(request))))
  }

  /** The next reply, or `closed` when the broker has closed the connection instead. */
  async reply(): Promise<unknown> {
    while (this.#replies.length === 0) {
      if (this.socket.destroyed) return 'closed'
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return this.#replies.shift()
  }

  async ask(request: unknown): Promise<unknown> {
    this.send(request)
    return this.reply()
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}
