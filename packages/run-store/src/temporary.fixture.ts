import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { openRunStore, type RunStore, type RunStoreOptions } from './store.ts'

interface TemporaryDirectory {
  storePath(): string
  remove(): void
}

export function temporaryDirectory(): TemporaryDirectory {
  const directory = mkdtempSync(path.join(tmpdir(), 'run-store-'))
  return {
    storePath: () => path.join(directory, 'run.store'),
    remove: () => rmSync(directory, { recursive: true }),
  }
}

/** A path for a store, in a directory that is gone after the test. */
export function temporaryPath(): string {
  const directory = temporaryDirectory()
  onTestFinished(() => directory.remove())
  return directory.storePath()
}

/** A store that is closed after the test. */
export async function openStore(
  file: string = temporaryPath(),
  options?: RunStoreOptions,
): Promise<RunStore> {
  const store = await openRunStore(file, options)
  onTestFinished(() => store.close())
  return store
}
