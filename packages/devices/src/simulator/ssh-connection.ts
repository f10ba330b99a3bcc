import type { Socket } from 'node:net'
import type { Clock } from '@nac-broker/supervisor'
import ssh2, { type AuthContext } from 'ssh2'
import type { Shell } from './lines.ts'

export interface SshConnectionOptions {
  /** Private, in OpenSSH's format. */
  hostKey: string
  username: string
  password: string
  /** Before the verdict on a password, in milliseconds. */
  loginLatencyMs: number
  clock: Clock
  onShell: (shell: Shell) => void
}

/**
 * Speaks SSH on `socket`, up to the shell. As on a router, a connection carries one shell, needs no
 * terminal for it, and ends with it.
 */
export function serveSsh(socket: Socket, options: SshConnectionOptions): void {
  const left = new AbortController()
  const leave = (): void => left.abort()
  const server = new ssh2.Server({ hostKeys: [options.hostKey] }, (connection) => {
    // What goes wrong on a connection ends it, and that is told by `close`.
    connection.on('error', () => {})
    connection.on('end', leave)
    connection.on('close', leave)
    connection.on('authentication', (context) => authenticate(context, options, left.signal))
    connection.once('session', (accept) => {
      const session = accept()
      session.on('pty', (acceptTerminal) => acceptTerminal?.())
      session.on('close', leave)
      session.once('shell', (acceptShell) => {
        const channel = acceptShell()
        channel.once('close', () => connection.end())
        options.onShell({ channel, left: left.signal })
      })
    })
  })
  server.injectSocket(socket)
}

function authenticate(
  context: AuthContext,
  { username, password, loginLatencyMs, clock }: SshConnectionOptions,
  left: AbortSignal,
): void {
  const judge = (given: string | undefined): void => {
    const verdict = (): void => {
      if (context.username === username && given === password) context.accept()
      else context.reject(['password', 'keyboard-interactive'])
    }
    if (loginLatencyMs <= 0) return verdict()
    clock.sleep(loginLatencyMs, left).then(verdict, () => {})
  }
  switch (context.method) {
    case 'password':
      return judge(context.password)
    case 'keyboard-interactive':
      return context.prompt({ prompt: 'Password: ', echo: false }, ([given]) => judge(given))
    case 'none':
    case 'publickey':
    case 'hostbased':
      return context.reject(['password', 'keyboard-interactive'])
  }
}
