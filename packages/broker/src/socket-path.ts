import { createHash } from 'node:crypto'
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { BrokerError } from '@nac-broker/protocol'
import { nobodyListens } from './probe-socket.ts'

/**
 * The longest path a socket can have is 107 bytes on Linux and 103 on macOS (sun_path in sys/un.h);
 * beyond that `listen` fails with an EINVAL that names nothing.
 */
const MAX_PATH_BYTES = 100

/** Where a broker listens, and what to do when it is gone. */
export interface SocketPlace {
  path: string
  /** Removes the socket that a broker that was killed has left there; not one at which somebody listens. */
  clear(): Promise<void>
  /** Removes what a broker that was killed while it bound its socket has left. */
  tidy(): Promise<void>
  /** Removes the directory that was made for the socket, if one was. */
  release(): Promise<void>
}

/** A place that only this user can enter: `$XDG_RUNTIME_DIR` if it is one, else a new directory. */
export async function defaultSocketPlace(env: NodeJS.ProcessEnv): Promise<SocketPlace> {
  const runtimeDir = env['XDG_RUNTIME_DIR']
  const parent = runtimeDir && (await isPrivate(runtimeDir)) ? runtimeDir : tmpdir()
  const directory = await mkdtemp(path.join(parent, 'nac-broker-'))
  const socketPath = path.join(directory, 'broker.sock')
  return {
    path: socketPath,
    clear: () => removeDead(socketPath),
    tidy: () => removeStaging(socketPath),
    release: () => rm(directory, { recursive: true, force: true }),
  }
}

/** A path that the user chose. @throws {BrokerError} `SOCKET_PATH_INVALID` */
export async function explicitSocketPlace(given: string): Promise<SocketPlace> {
  const socketPath = path.resolve(given)
  assertLength(socketPath)
  const directory = path.dirname(socketPath)
  const stats = await lstat(directory).catch(() => undefined)
  const isDirectory = stats?.isDirectory() || (stats?.isSymbolicLink() ?? false)
  if (!isDirectory) {
    throw new BrokerError(
      'SOCKET_PATH_INVALID',
      `socket ${socketPath}: the directory ${directory} does not exist; create it or choose another`,
    )
  }
  const clear = (): Promise<void> => removeDead(socketPath)
  const tidy = (): Promise<void> => removeStaging(socketPath)
  return { path: socketPath, clear, tidy, release: async () => {} }
}

export function assertLength(socketPath: string): void {
  const bytes = Buffer.byteLength(socketPath)
  if (bytes <= MAX_PATH_BYTES) return
  throw new BrokerError(
    'SOCKET_PATH_INVALID',
    `socket ${socketPath}: the path has ${bytes} bytes, at most ${MAX_PATH_BYTES} are possible; choose a shorter one`,
  )
}

/** A real directory of ours that nobody else may enter; lstat, so that a link cannot pose as one. */
async function isPrivate(directory: string): Promise<boolean> {
  const stats = await lstat(directory).catch(() => undefined)
  if (!stats?.isDirectory()) return false
  return stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0
}

/** What is not ours lives: whoever asks has seen its own broker end. */
async function removeDead(socketPath: string): Promise<void> {
  const found = await lstat(socketPath).catch(() => undefined)
  if (!found?.isSocket() || !(await nobodyListens(socketPath))) return
  const now = await lstat(socketPath).catch(() => undefined)
  if (now?.ino === found.ino) await rm(socketPath, { force: true })
}

/**
 * Removes what brokers for this path that were killed while they bound it have left. For whoever knows that
 * none does so now.
 */
async function removeStaging(socketPath: string): Promise<void> {
  const directory = path.dirname(socketPath)
  const prefix = stagingPrefix(socketPath)
  const names = await readdir(directory).catch(() => [])
  const left = names.filter((name) => name.startsWith(prefix))
  await Promise.all(
    left.map((name) => rm(path.join(directory, name), { recursive: true, force: true })),
  )
}

/** Of this path alone, and short: a socket's path has few bytes. */
export function stagingPrefix(socketPath: string): string {
  const hash = createHash('sha256').update(path.basename(socketPath)).digest('hex')
  return `.nb${hash.slice(0, 4)}`
}
