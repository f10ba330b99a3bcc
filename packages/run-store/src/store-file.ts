import { closeSync, linkSync, lstatSync, openSync, statfsSync, unlinkSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { networkFileSystem } from './network-file-system.ts'
import { storeUnavailable } from './store-error.ts'

/** What `statfs` says of the file system that a directory is on. */
export type FileSystemType = (directory: string) => number

/**
 * Makes sure that the file exists, is this user's alone, and lies where WAL works.
 * @throws {RunStoreError} `STORE_UNAVAILABLE`
 */
export function prepareStoreFile(file: string, fileSystemType: FileSystemType = typeOf): void {
  const directory = path.dirname(file)
  try {
    const network = networkFileSystem(fileSystemType(directory))
    if (network !== undefined) {
      const why = `${directory} is on ${network}, a network file system, where SQLite's WAL does not work; name a store on a local disk`
      throw storeUnavailable(file, why)
    }
    createUnlessThere(file)
  } catch (error) {
    if (!isSystemError(error)) throw error
    const why = `cannot be created in ${directory} (${error.code}); name a store in a directory that this user can write`
    throw storeUnavailable(file, why, error)
  }
  // SQLite gives its two side files the mode of the main one; a stranger's would be believed.
  for (const suffix of ['', '-wal', '-shm']) requireOwn(file, `${file}${suffix}`)
}

/**
 * An empty file is an empty database. It is made under another name and linked: a process that closes
 * any descriptor of a file loses its locks on it (fcntl), so nothing but SQLite may open the file where
 * another thread may have it open already.
 */
function createUnlessThere(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })) return
  const draft = `${file}.${randomUUID()}`
  closeSync(openSync(draft, 'wx', 0o600))
  try {
    linkSync(draft, file)
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
}

function requireOwn(store: string, file: string): void {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  if (!stat) return
  const uid = process.getuid?.() ?? stat.uid
  if (stat.isFile() && stat.uid === uid && (stat.mode & 0o077) === 0) return
  const why = `${path.basename(file)} is not a file that only this user can open; remove it or name another store`
  throw storeUnavailable(store, why)
}

function typeOf(directory: string): number {
  // Elsewhere the numbers mean something else.
  return process.platform === 'linux' ? statfsSync(directory).type : 0
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
