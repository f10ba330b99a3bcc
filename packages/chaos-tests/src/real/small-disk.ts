import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { undoLeftByTheDead } from './left-by-the-dead.ts'
import { oncePerProcess } from './once-per-process.ts'

/** Several times what a store takes. */
const SIZE_MIB = 64
const PREFIX = 'nac-broker-disk-'

/** A file system of its own that can be full. */
export interface SmallDisk extends Disposable {
  readonly directory: string
  /** Takes all the room that is left. */
  fill(): void
  free(): void
}

/** In memory; undefined where we may not mount one, which is told. */
export function mountSmallDisk(): SmallDisk | undefined {
  undoLeftByTheDead(tmpdir(), PREFIX, unmount)
  const directory = mkdtempSync(path.join(tmpdir(), `${PREFIX}${process.pid}-`))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', directory], {
      stdio: 'pipe',
    })
  } catch (error) {
    rmdirSync(directory)
    tellUnavailable(String(error))
    return undefined
  }
  const filler = path.join(directory, 'filler')
  return {
    directory,
    fill: () => takeAll(filler),
    free: () => rmSync(filler, { force: true }),
    [Symbol.dispose]: () => unmount(directory),
  }
}

function unmount(directory: string): void {
  execFileSync('umount', [directory], { stdio: 'pipe' })
  rmdirSync(directory)
}

const tellUnavailable = oncePerProcess((why) => {
  process.emitWarning(`faults of a full disk do nothing here: no tmpfs can be mounted (${why})`)
})

function takeAll(file: string): void {
  const filler = openSync(file, 'a')
  try {
    // Large pieces first, and then every page that is left.
    for (const bytes of [1024 * 1024, 4096]) fillWith(filler, Buffer.alloc(bytes))
  } finally {
    closeSync(filler)
  }
}

function fillWith(filler: number, piece: Buffer): void {
  try {
    for (;;) writeSync(filler, piece)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
