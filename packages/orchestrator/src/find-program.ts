import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs'
import path from 'node:path'

/** The file that is started for a command's first word, as the system looks for it. */
export function findProgram(program: string, folders = ''): string | undefined {
  if (program.includes('/')) return canRun(program) ? program : undefined
  const files = folders.split(path.delimiter).map((folder) => path.join(folder, program))
  return files.find(canRun)
}

/** Why the system says ENOENT of it: it does so too where the file is there, but not what is to run it. */
export function whyNotThere(program: string, folders: string | undefined): string {
  const file = findProgram(program, folders)
  if (file === undefined) return 'there is no such program'
  const interpreter = interpreterOf(file)
  if (interpreter === undefined) return 'it is there, but not the loader that it needs'
  // Quoted, it shows the carriage return of a file that was written on Windows.
  const named = `its interpreter ${JSON.stringify(interpreter)}`
  return existsSync(interpreter) ? `${named} cannot be started` : `${named} does not exist`
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** The kernel reads no more of a script to find its interpreter, in bytes (BINPRM_BUF_SIZE). */
const FIRST_LINE_BYTES = 256

/** Undefined where it is no script, or may be run but not read. */
function interpreterOf(file: string): string | undefined {
  const start = Buffer.alloc(FIRST_LINE_BYTES)
  try {
    const descriptor = openSync(file, 'r')
    try {
      readSync(descriptor, start)
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return undefined
  }
  return /^#![ \t]*([^ \t\n\0]+)/.exec(start.toString())?.[1]
}
