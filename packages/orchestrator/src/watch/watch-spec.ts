import { BrokerError } from '@nac-broker/protocol'
import { findProgram } from '../find-program.ts'
import { withOurNode } from '../our-node.ts'

/** Something that a run depends on and that cannot tell itself when it dies: a command is asked. */
export interface WatchSpec {
  name: string
  /** The program and its arguments; no shell is involved. */
  command: readonly string[]
  /** From the start of one look to the next, in milliseconds. Default 5,000. */
  everyMs?: number
  /** The first line that the command prints when all is well, one of these. Default: its exit code is 0. */
  live?: readonly string[]
  /** Where it was written, as `file:line`, for the error that is about it. */
  place?: string
}

/** @throws {BrokerError} `CONFIG_INVALID` for two of one name, or a program that is not there. */
export function requireWatchable(specs: readonly WatchSpec[], env: NodeJS.ProcessEnv): void {
  const names = new Set<string>()
  const { PATH = '' } = withOurNode(env)
  for (const { name, command, place } of specs) {
    const where = `${place === undefined ? '' : `${place}: `}watch "${name}"`
    if (names.has(name)) throw invalid(`${where} is there twice; give each a name of its own`)
    names.add(name)
    const [program = ''] = command
    if (findProgram(program, PATH) !== undefined) continue
    throw invalid(
      `${where}: cannot start "${program}": there is no such program; install it, or give its path`,
    )
  }
}

function invalid(what: string): BrokerError {
  return new BrokerError('CONFIG_INVALID', what)
}
