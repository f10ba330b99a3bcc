import { chmod, lstat, mkdtemp, rename, rm, unlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import path from 'node:path'
import { once } from 'node:events'
import { BrokerError } from '@nac-broker/protocol'
import { type Clock, failpoint } from '@nac-broker/supervisor'
import { probeSocket } from './probe-socket.ts'
import { assertLength, stagingPrefix } from './socket-path.ts'

/** 1,000 clients may connect at once; Node's default backlog of 511 turned 108 of them away. */
const BACKLOG = 4096

/** A socket that accepts connections at its public path. */
export interface Listener {
  /** Accepts no more connections and removes the socket file if it is still ours. */
  close(): Promise<void>
}

/**
 * Listens at `socketPath`, in the place of a dead broker's file if there is one. The socket is bound
 * in a private directory beside it, made 0600, and only then renamed onto the path: at no moment can
 * another user connect, is there no socket file, or is the file not yet accepting.
 * @throws {BrokerError} `SOCKET_IN_USE` naming the pid of the living broker there,
 * `SOCKET_PATH_INVALID`
 */
export async function listen(
  socketPath: string,
  clock: Clock,
  onConnection: (socket: Duplex) => void,
): Promise<Listener> {
  await assertFree(socketPath, clock)
  // Half-open, so that what a client sent before it closed its side is still answered.
  const server = createServer({ allowHalfOpen: true }, onConnection)
  const inode = await bindBeside(server, socketPath)
  return {
    async close() {
      server.close()
      const now = await lstat(socketPath).catch(() => undefined)
      if (now?.ino === inode) await unlink(socketPath).catch(() => {})
    },
  }
}

/**
 * `holder` says whose it is where that one does not answer itself, stopped for instance.
 * @throws {BrokerError} `SOCKET_IN_USE`, `SOCKET_PATH_INVALID`
 */
export async function assertFree(
  socketPath: string,
  clock: Clock,
  holder: () => Promise<number | undefined> = async () => undefined,
): Promise<void> {
  const stats = await lstat(socketPath).catch(() => undefined)
  if (!stats) return
  if (!stats.isSocket()) {
    throw new BrokerError(
      'SOCKET_PATH_INVALID',
      `socket ${socketPath}: the file that is there is no socket; remove it or choose another path`,
    )
  }
  const found = await probeSocket(socketPath, clock)
  switch (found.kind) {
    case 'nobody':
      return
    case 'broker':
      throw new BrokerError(
        'SOCKET_IN_USE',
        `socket ${socketPath} belongs to the living broker with pid ${found.pid}; stop it or choose another path`,
      )
    case 'silent': {
      const pid = await holder()
      const who =
        pid === undefined
          ? 'a process that does not answer as a broker; stop it'
          : `the run of pid ${pid}, which does not answer; end it`
      throw new BrokerError(
        'SOCKET_IN_USE',
        `socket ${socketPath} is held by ${who} or choose another path`,
      )
    }
  }
}

/** Returns the inode of the socket, by which `close` knows it again. */
async function bindBeside(server: Server, socketPath: string): Promise<number> {
  let staging: string
  try {
    staging = await mkdtemp(path.join(path.dirname(socketPath), stagingPrefix(socketPath)))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new BrokerError('SOCKET_PATH_INVALID', `socket ${socketPath}: ${why}`, { cause: error })
  }
  try {
    const staged = path.join(staging, 's')
    assertLength(staged)
    server.listen({ path: staged, backlog: BACKLOG })
    await once(server, 'listening')
    await chmod(staged, 0o600)
    const { ino } = await lstat(staged)
    failpoint('broker.socket.bound')
    await rename(staged, socketPath)
    failpoint('broker.socket.renamed')
    return ino
  } catch (error) {
    server.close()
    if (error instanceof BrokerError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new BrokerError('SOCKET_PATH_INVALID', `socket ${socketPath}: ${why}`, { cause: error })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}
