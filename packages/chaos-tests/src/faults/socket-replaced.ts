import { rm, symlink, writeFile } from 'node:fs/promises'
import { fault } from './fault.ts'

/** Something else lies where the socket was: a file, or a link to nowhere. */
export default fault<{ by: 'file' | 'link' }>({
  name: 'socket-replaced',
  draw: (random) => ({ by: random.random() < 0.5 ? 'file' : 'link' }),
  async inject({ socketPath }, { by }) {
    await rm(socketPath, { force: true })
    if (by === 'file') await writeFile(socketPath, 'not a socket')
    else await symlink(`${socketPath}.gone`, socketPath)
  },
})
