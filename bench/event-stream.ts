import { get } from 'node:http'

/** A frame of a status server's event stream, its data unread. */
export interface StreamFrame {
  event: string
  /** Of the last event that it tells of. */
  id: string | undefined
  data: string
}

/** An open stream. Disposing it closes the connection. */
export interface EventStream extends Disposable {
  /** Nothing more is read of the connection until it is resumed. */
  pause(): void
  resume(): void
}

/** Resolves when the server has accepted; from then on `onFrame` is called with each frame as it comes. */
export function openEventStream(
  url: URL,
  onFrame: (frame: StreamFrame) => void,
): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      if (response.statusCode !== 200)
        return reject(new Error(`${url.pathname} was answered with ${response.statusCode}`))
      let rest = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        const blocks = (rest + text).split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) {
          const frame = frameOf(block)
          if (frame) onFrame(frame)
        }
      })
      // Whoever waits for a frame says what it means that it does not come.
      response.on('error', () => {})
      resolve({
        pause: () => void response.pause(),
        resume: () => void response.resume(),
        [Symbol.dispose]: () => void response.destroy(),
      })
    })
    request.on('error', reject)
  })
}

/** Undefined for what only keeps the connection alive. */
function frameOf(block: string): StreamFrame | undefined {
  const field = (name: string): string | undefined => {
    const line = block.split('\n').find((each) => each.startsWith(`${name}:`))
    return line?.slice(name.length + 1).replace(/^ /, '')
  }
  const data = field('data')
  return data === undefined ? undefined : { event: field('event') ?? '', id: field('id'), data }
}
