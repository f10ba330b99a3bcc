import type { Socket } from 'node:net'

/**
 * Calls back once the server has named itself (`SSH-2.0-...`), before which it may send other lines
 * (RFC 4253, section 4.2). To be called before anything is read from the socket.
 */
export function onBanner(socket: Socket, callback: () => void): void {
  let line = ''
  const hear = (bytes: Buffer): void => {
    const lines = (line + bytes.toString('latin1')).split('\n')
    if (lines.some((text) => text.startsWith('SSH-'))) {
      socket.off('data', hear)
      callback()
    }
    line = lines.at(-1)?.slice(0, 4) ?? ''
  }
  socket.on('data', hear)
}
