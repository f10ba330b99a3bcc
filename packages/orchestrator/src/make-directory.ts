import { access, constants, mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileTrouble } from './file-trouble.ts'

/**
 * Makes the directory and those above it where they are not there, one by one: under /proc, where no
 * directory can be made, Node's recursive `mkdir` never returns.
 * @throws {Error} in words, naming the directory that is to blame
 */
export async function makeWritableDirectory(given: string): Promise<void> {
  const directory = path.resolve(given)
  for (const step of pathDownTo(directory)) {
    // oxlint-disable-next-line no-await-in-loop -- each one is in the one before
    if (!(await isDirectory(step))) await make(step)
  }
  try {
    await access(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new Error(`${directory} is not writable (${fileTrouble(error)})`, { cause: error })
  }
}

/** `/a/b` is `/`, `/a`, `/a/b`. */
function pathDownTo(directory: string): string[] {
  const parent = path.dirname(directory)
  return parent === directory ? [directory] : [...pathDownTo(parent), directory]
}

/** False where there is nothing. */
async function isDirectory(file: string): Promise<boolean> {
  try {
    if ((await stat(file)).isDirectory()) return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw new Error(`${file} cannot be looked at (${fileTrouble(error)})`, { cause: error })
  }
  throw new Error(`${file} is no directory`)
}

async function make(directory: string): Promise<void> {
  try {
    await mkdir(directory)
  } catch (error) {
    // Somebody else may have made it just now.
    if (codeOf(error) === 'EEXIST' && (await isDirectory(directory))) return
    const parent = path.dirname(directory)
    // Where the parent is there, ENOENT does not mean that it is missing.
    const why = codeOf(error) === 'ENOENT' ? '' : ` (${fileTrouble(error)})`
    throw new Error(`no directory can be made in ${parent}${why}`, { cause: error })
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
