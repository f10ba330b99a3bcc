import { randomUUID } from 'node:crypto'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { BrokerError } from '@nac-broker/protocol'
import { ownerOf, processIsGone, type ProcessIdentity } from '@nac-broker/run-store'
import { fileTrouble } from './file-trouble.ts'

const NAME = '.nac-broker-in-use'

/**
 * Keeps a report directory for one run, until it is disposed of or this process is dead. A directory in it says
 * so, with one file that names the process. A directory can be renamed onto another only where that is empty, and
 * each file has a name of its own: of any number that find a dead one's file and remove it, one gets the place.
 * @throws {BrokerError} `CONFIG_INVALID` when another run has it, in this process too
 */
export function holdDirectory(directory: string): Disposable {
  const place = path.join(directory, NAME)
  const id = randomUUID()
  const draft = `${place}-${id}`
  try {
    mkdirSync(draft)
    writeFileSync(path.join(draft, id), JSON.stringify(ownerOf(null)))
    while (!renamed(draft, place)) removeGone(directory, place)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (error instanceof BrokerError) throw error
    throw invalid(`report directory ${directory}: ${fileTrouble(error)}`, OTHER, error)
  }
  return {
    [Symbol.dispose]() {
      try {
        rmSync(path.join(place, id))
        rmdirSync(place)
      } catch {
        // Somebody has removed it, or has it already.
      }
    },
  }
}

/** False where the place is somebody's. */
function renamed(draft: string, place: string): boolean {
  try {
    renameSync(draft, place)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return false
    throw error
  }
}

/** Frees the place where nobody lives who has it. */
function removeGone(directory: string, place: string): void {
  for (const file of filesIn(place)) {
    const holder = read(file)
    if (holder && !processIsGone(holder)) throw belongsTo(holder, directory, place)
    rmSync(file, { force: true })
  }
}

/** A process of another pid namespace holds it for ever, unless somebody who can tell says that it is dead. */
function belongsTo(
  { pid, pidNamespace }: ProcessIdentity,
  directory: string,
  place: string,
): Error {
  if (pidNamespace === ownerOf(null).pidNamespace) {
    return invalid(`${directory} belongs to a run that goes on, of pid ${pid}`)
  }
  const whose = `a run of pid ${pid} in another pid namespace (a container)`
  return invalid(
    `${directory} belongs to ${whose}, and nobody can tell from here whether it goes on`,
    `if it does not, remove ${place}, else ${OTHER}`,
  )
}

function filesIn(place: string): string[] {
  try {
    return readdirSync(place).map((name) => path.join(place, name))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

/** Undefined where it has gone meanwhile. */
function read(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

const OTHER = 'choose another --report-dir'

function invalid(why: string, advice = OTHER, cause?: unknown): BrokerError {
  return new BrokerError('CONFIG_INVALID', `${why}; ${advice}`, { cause })
}
