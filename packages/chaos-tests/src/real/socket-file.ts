import { existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import type { SocketFile } from './world.ts'

/**
 * The file that a broker's socket has in the file system. What is put there when the broker is being closed
 * may come after the broker has looked for the last time: then it is not replaced.
 */
export function socketFileAt(path: string, isBeingClosed: () => boolean): SocketFile {
  const setMode = (mode: number): Promise<void> => chmod(path, mode).catch(() => {})
  return {
    remove: () => rm(path, { force: true }),
    // At once, so that no close begins in the midst of it.
    async replace(by) {
      if (isBeingClosed() || !existsSync(path)) return
      rmSync(path, { force: true })
      if (by === 'file') writeFileSync(path, 'not a socket')
      else symlinkSync(`${path}.gone`, path)
    },
    forbid: () => setMode(0o000),
    permit: () => setMode(0o600),
  }
}
