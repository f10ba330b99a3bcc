import { chmod, rm, symlink, writeFile } from 'node:fs/promises'
import type { SocketFile } from './world.ts'

/** The file that a broker's socket has in the file system. */
export function socketFileAt(path: string): SocketFile {
  const remove = (): Promise<void> => rm(path, { force: true })
  const setMode = (mode: number): Promise<void> => chmod(path, mode).catch(() => {})
  return {
    remove,
    async replace(by) {
      await remove()
      if (by === 'file') await writeFile(path, 'not a socket')
      else await symlink(`${path}.gone`, path)
    },
    forbid: () => setMode(0o000),
    permit: () => setMode(0o600),
  }
}
