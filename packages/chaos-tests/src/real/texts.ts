import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { CallRecord } from '../schedules/evidence.ts'
import type { SupervisedLab } from '../supervised-lab.fixture.ts'

/** Where the passwords are to be: the testbed that the simulator has written. */
const OF_THE_USER = /^testbed\./

/** Everything that was told or kept, but for the outputs that were asked for. */
export function textsOf({
  lab,
  logged,
  calls,
  told,
}: {
  lab: SupervisedLab
  logged: string
  calls: readonly CallRecord[]
  told: readonly string[]
}): Record<string, string> {
  const errors = calls.flatMap(({ outcome }) =>
    outcome.kind === 'failed' ? [outcome.message] : [],
  )
  const files = readdirSync(lab.directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !OF_THE_USER.test(entry.name))
    .map(({ name }) => readFileSync(path.join(lab.directory, name), 'latin1'))
  return {
    'an error': [...errors, ...told].join('\n'),
    'an event': JSON.stringify(lab.events),
    'the log': logged,
    'the store': files.join('\n'),
    'a command line': commandLines(),
  }
}

function commandLines(): string {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map((pid) => readIfThere(`/proc/${pid}/cmdline`)).join('\n')
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
