import { enableCompileCache, getCompileCacheDir } from 'node:module'
import path from 'node:path'

/**
 * Where this process keeps its compiled modules, if it does (`module.enableCompileCache()`): hosts do the
 * same, and a broker that has to be replaced is there in half the time.
 */
export function compileCache(): string | undefined {
  const directory = getCompileCacheDir()
  // Ours is below the one that was given, named after the version and the user.
  return directory === undefined ? undefined : path.dirname(directory)
}

/** In a host's own process or thread, before anything else is loaded. */
export function useCompileCache(directory: unknown): void {
  if (typeof directory === 'string') enableCompileCache(directory)
}
