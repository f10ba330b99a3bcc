import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { whenAborted } from '@nac-broker/supervisor'
import type { FromClient, ToClient } from './client-messages.ts'
import { withoutPrivileges } from './without-privileges.ts'
import { CLIENT_DIED, type ScheduleClient, type SettledCall } from './schedule-client.ts'

const PROGRAM = path.join(import.meta.dirname, 'client-program.ts')

/** A client of a schedule in a process of its own, which may be killed. */
export interface ClientProcess extends ScheduleClient, AsyncDisposable {
  /** Resolves when it has connected, or will not. */
  ready(): Promise<void>
  signal(signal: NodeJS.Signals): void
  shiftWallTime(byMs: number): void
}

export interface ClientProcessSetup extends Omit<Extract<ToClient, { type: 'connect' }>, 'type'> {
  readonly givenUp: AbortSignal
  readonly onStarted: (pid: number) => void
  readonly onDirect: () => void
  readonly onUnconnected: (why: string) => void
  /** What it writes, of which there should be nothing. */
  readonly onOutput: (text: string) => void
}

/** Calls are to wait until it is ready. */
export function startClientProcess(setup: ClientProcessSetup): ClientProcess {
  const { givenUp, onStarted, onDirect, onUnconnected, onOutput, ...connect } = setup
  const child = fork(PROGRAM, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    ...withoutPrivileges(),
  })
  if (child.pid !== undefined) onStarted(child.pid)
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', onOutput)
  const over = new AbortController()
  const exited = once(child, 'exit')
  const isGone = exited.then(() => CLIENT_DIED)
  const calls = new Map<number, (call: SettledCall) => void>()
  const connected = Promise.withResolvers<void>()
  let ids = 0
  let shiftMs = 0
  // To one that was killed just now nothing is said any more.
  const tell = (message: ToClient): void => void (child.connected && child.send(message, () => {}))

  child.on('message', (message: FromClient) => {
    switch (message.type) {
      case 'connected':
        return connected.resolve()
      case 'not-connected':
        onUnconnected(message.message)
        return over.abort()
      case 'settled':
        calls.get(message.id)?.(message.call)
        return void calls.delete(message.id)
      case 'direct':
        return onDirect()
      case 'lost':
        return over.abort()
    }
  })
  void exited.then(() => over.abort())
  tell({ type: 'connect', ...connect })
  void whenAborted(givenUp).then(() => tell({ type: 'given-up' }))

  return {
    over: over.signal,
    async call(planned) {
      const id = ++ids
      const settled = new Promise<SettledCall>((resolve) => void calls.set(id, resolve))
      tell({ type: 'call', id, planned })
      return Promise.race([settled, isGone])
    },
    ready: async () => {
      await Promise.race([connected.promise, whenAborted(over.signal)])
    },
    signal: (signal) => void child.kill(signal),
    shiftWallTime: (byMs) => tell({ type: 'calendar', shiftMs: (shiftMs += byMs) }),
    async [Symbol.asyncDispose]() {
      tell({ type: 'close' })
      const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null]
      if (code !== 0 && signal !== 'SIGKILL')
        throw new Error(`a client's process ended with ${signal ?? code}`)
    },
  }
}
