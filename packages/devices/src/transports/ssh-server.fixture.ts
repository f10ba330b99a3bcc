import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import ssh2, {
  type AuthContext,
  type Connection,
  type PseudoTtyInfo,
  type ServerChannel,
} from 'ssh2'
import { iosxe } from '../platforms/iosxe.ts'
import { generateHostKey } from '../simulator/host-key.ts'
import type { Device, SshConnection } from '../testbed/testbed.ts'

export interface SshServerOptions {
  /** Private keys. Default: one ed25519 key. */
  hostKeys?: readonly string[]
  /** Default: accepts `admin` with the password `secret`. */
  authenticate?: (context: AuthContext) => void
  onConnection?: (connection: Connection) => void
  onShell?: (channel: ServerChannel, terminal: PseudoTtyInfo | undefined) => void
}

/** A bare SSH server on loopback. Disposing of it cuts its connections. */
export class SshServer implements AsyncDisposable {
  readonly sockets = new Set<Socket>()
  readonly port: number
  readonly #tcp: ReturnType<typeof createServer>

  private constructor(tcp: ReturnType<typeof createServer>) {
    this.#tcp = tcp
    this.port = (tcp.address() as AddressInfo).port
    tcp.on('connection', (socket: Socket) => {
      this.sockets.add(socket)
      socket.once('close', () => this.sockets.delete(socket))
    })
  }

  static async start(options: SshServerOptions = {}): Promise<SshServer> {
    const { authenticate = acceptPassword, onConnection, onShell } = options
    const hostKeys = [...(options.hostKeys ?? [generateHostKey().private])]
    const tcp = createServer({ noDelay: true }, (socket) => {
      const server = new ssh2.Server({ hostKeys }, (connection) => {
        connection.on('error', () => {})
        onConnection?.(connection)
        connection.on('authentication', authenticate)
        connection.once('session', (accept) => {
          let terminal: PseudoTtyInfo | undefined
          const session = accept()
          session.on('pty', (acceptTerminal, _reject, info) => {
            terminal = info
            acceptTerminal?.()
          })
          session.once('shell', (acceptShell) => onShell?.(acceptShell(), terminal))
        })
      })
      server.injectSocket(socket)
    })
    tcp.listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    return new SshServer(tcp)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tcp.close()
    for (const socket of this.sockets) socket.destroy()
    if (this.#tcp.listening) await once(this.#tcp, 'close')
  }
}

function acceptPassword(context: AuthContext): void {
  const right = context.method === 'password' && context.password === 'secret'
  if (right && context.username === 'admin') context.accept()
  else context.reject(['password'])
}

export function sshDevice(
  port: number,
  connection: Partial<SshConnection> = {},
  device: Partial<Device> = {},
): Device {
  return {
    name: 'r1',
    platform: iosxe,
    connection: {
      protocol: 'ssh',
      host: '127.0.0.1',
      port,
      hostKeys: 'insecure',
      identityFiles: [],
      ...connection,
    },
    credentials: { default: { username: 'admin', password: 'secret', at: 'testbed.yaml:3' } },
    initConfigCommands: [],
    ...device,
  }
}

export interface ShellScript {
  /** Sent before the first prompt. */
  banner?: string
  prompt: string
  echo?: boolean
  /** What is sent for a line, prompt included; undefined: only the prompt. */
  answer?: (line: string) => string | undefined
}

/** Plays a command line: echoes what is typed, then answers. */
export function playShell(
  channel: ServerChannel,
  { banner = '', prompt, echo = true, answer }: ShellScript,
): void {
  let typed = ''
  channel.write(`${banner}${prompt}`)
  channel.on('data', (bytes: Buffer) => {
    typed += bytes.toString()
    for (let end = typed.indexOf('\n'); end >= 0; end = typed.indexOf('\n')) {
      const line = typed.slice(0, end)
      typed = typed.slice(end + 1)
      channel.write(`${echo ? `${line}\r\n` : ''}${answer?.(line) ?? prompt}`)
    }
  })
}
