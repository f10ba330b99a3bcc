import { get, type IncomingMessage } from 'node:http'

interface Frame {
  event: string
  id: string | undefined
  data: unknown
}

/** A client of the event stream that waits for frames, and may stop reading. */
export class EventSourceClient implements Disposable {
  readonly response: IncomingMessage
  lastEventId: string | undefined
  readonly frames: Frame[] = []
  #waiting: (() => void)[] = []
  #rest = ''

  private constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8')
    response.on('data', (text: string) => this.#take(text))
    response.on('close', () => this.#wake())
    response.on('error', () => {})
  }

  static open(url: string, headers: Record<string, string> = {}): Promise<EventSourceClient> {
    return new Promise((resolve, reject) => {
      const request = get(url, { headers, agent: false }, (response) => {
        if (response.statusCode === 200) return resolve(new EventSourceClient(response))
        reject(new Error(`status ${response.statusCode}`))
      })
      request.on('error', reject)
    })
  }

  /** The first frame that is so, of those that came and those to come. */
  async frame(isSo: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(isSo)
      if (found) return found
      if (this.response.destroyed || this.response.readableEnded)
        throw new Error('the stream ended')
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** The events that came, in their order. */
  get events(): { id: string; at: string; event: { event: string } & Record<string, unknown> }[] {
    return this.frames.flatMap((frame) => (frame.event === 'events' ? (frame.data as never[]) : []))
  }

  /** The first event that is so, of those that came and those to come. */
  async event(isSo: (event: { event: string } & Record<string, unknown>) => boolean) {
    await this.frame(() => this.events.some(({ event }) => isSo(event)))
    return this.events.find(({ event }) => isSo(event))
  }

  [Symbol.dispose](): void {
    this.response.destroy()
  }

  #take(text: string): void {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.replace(/:.*/, ''), line.replace(/^\w+: ?/, '')]),
      )
      const data = fields.get('data')
      const id = fields.get('id')
      if (id !== undefined) this.lastEventId = id
      if (data === undefined) continue
      this.frames.push({ event: fields.get('event') ?? '', id, data: JSON.parse(data) })
    }
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
