import { once } from 'node:events'
import ssh2, { type ClientChannel, type ConnectConfig } from 'ssh2'
import type { SimulatedDevice } from './device.ts'

export type LoginOptions = Partial<ConnectConfig> & { keyboardInteractive?: string }

/** A bare SSH client that has logged in. Disposing of it waits until the device has let go. */
export class TestClient implements AsyncDisposable {
  readonly client = new ssh2.Client()
  readonly closed = new Promise<void>((resolve) => this.client.once('close', resolve))

  static async logIn(device: SimulatedDevice, options: LoginOptions = {}): Promise<TestClient> {
    const { keyboardInteractive, ...config } = options
    const self = new TestClient()
    self.client.on('keyboard-interactive', (_name, _text, _language, _prompts, answer) => {
      answer([keyboardInteractive ?? ''])
    })
    self.client.on('error', () => {})
    self.client.on('connect', () => self.client.setNoDelay(true))
    self.client.connect({
      host: '127.0.0.1',
      port: device.port,
      username: 'admin',
      ...(keyboardInteractive === undefined ? { password: 'admin' } : { tryKeyboard: true }),
      ...config,
    })
    await once(self.client, 'ready')
    return self
  }

  async openShell(): Promise<TestShell> {
    return new TestShell(
      await new Promise<ClientChannel>((resolve, reject) => {
        this.client.shell((error, channel) => (error ? reject(error) : resolve(channel)))
      }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.end()
    await this.closed
  }
}

/** What a person at a terminal would see. */
export class TestShell {
  readonly channel: ClientChannel
  readonly closed: Promise<void>
  #seen = ''
  #over = false
  #look = (): void => {}

  constructor(channel: ClientChannel) {
    this.channel = channel
    this.closed = new Promise((resolve) => channel.once('close', () => resolve()))
    channel.on('data', (bytes: Buffer) => {
      this.#seen += bytes.toString('latin1')
      this.#look()
    })
    channel.on('close', () => {
      this.#over = true
      this.#look()
    })
  }

  send(text: string): void {
    this.channel.write(text)
  }

  /** What came, up to and including `end`. */
  async readUntil(end: string): Promise<string> {
    for (;;) {
      const at = this.#seen.indexOf(end)
      if (at >= 0) {
        const read = this.#seen.slice(0, at + end.length)
        this.#seen = this.#seen.slice(read.length)
        return read
      }
      if (this.#over) throw new Error(`no ${JSON.stringify(end)} in ${JSON.stringify(this.#seen)}`)
      await new Promise<void>((resolve) => (this.#look = resolve))
    }
  }

  async readToEnd(): Promise<string> {
    await this.closed
    return this.#seen
  }

  /** What stands between the echo's line break and the prompt, without the line break before it. */
  async run(command: string, prompt = 'sim-1#'): Promise<string> {
    this.send(`${command}\r`)
    await this.readUntil(`${command}\r\n`)
    const read = await this.readUntil(prompt)
    return read.slice(0, -prompt.length).replace(/\r\n$/, '')
  }
}

/** Logs in and reads the first prompt. */
export async function atPrompt(client: TestClient, prompt = 'sim-1#'): Promise<TestShell> {
  const shell = await client.openShell()
  await shell.readUntil(prompt)
  return shell
}
