import { existsSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import path from 'node:path'
import type { SocketFile } from './world.ts'

/**
 * The file that a broker's socket has in the file system. What is put there when the broker is being closed
 * may come after the broker has looked for the last time: then it is not replaced.
 */
export function socketFileAt(
  socketPath: string,
  /** Where clients find it. */
  shownAt: string,
  isBeingClosed: () => boolean,
): SocketFile {
  const setMode = (mode: number): Promise<void> => chmod(shownAt, mode).catch(() => {})
  const isBrokers = (): boolean => !isBeingClosed() && existsSync(socketPath)
  return {
    remove: () => rm(socketPath, { force: true }),
    // Others may put files there meanwhile.
    removeDirectory: () =>
      rm(path.dirname(socketPath), { recursive: true, force: true, maxRetries: 5 }),
    // At once, so that no close begins in the midst of it.
    async replace(by) {
      if (!isBrokers()) return
      if (by === 'dead socket') return leaveDeadSocket(socketPath, isBrokers)
      rmSync(socketPath, { force: true })
      if (by === 'file') writeFileSync(socketPath, 'not a socket')
      else symlinkSync(`${socketPath}.gone`, socketPath)
    },
    forbid: () => setMode(0o000),
    permit: () => setMode(0o600),
  }
}

/** Several may die at once. */
let deaths = 0

/** A socket at which nobody listens any more, as a process that is killed leaves it; only where it still `isWanted`. */
export async function leaveDeadSocket(
  socketPath: string,
  isWanted: () => boolean = () => true,
): Promise<void> {
  const dying = `${socketPath}.${++deaths}`
  const server = createServer().listen(dying)
  await once(server, 'listening')
  // A server that is closed removes the name that it was bound to, and no other.
  if (isWanted()) renameSync(dying, socketPath)
  const closed = once(server, 'close')
  server.close()
  await closed
}
