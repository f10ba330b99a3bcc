import { chmod, rm, symlink, writeFile } from 'node:fs/promises'
import type { SocketFile } from './world.ts'

/** The file that a broker's socket has in the file system. */
export function socketFileAt(path: string): SocketFile {
  const setMode = (mode: number): Promise<void> => chmod(path, mode).catch(() => {})
  return {
    remove: () => rm(path, { force: true }),
    async replace(by) {
      const isThere = await rm(path).then(
        () => true,
        () => false,
      )
      if (!isThere) return
      if (by === 'file') await writeFile(path, 'not a socket')
      else await symlink(`${path}.gone`, path)
    },
    forbid: () => setMode(0o000),
    permit: () => setMode(0o600),
  }
}
