import { existsSync, readdirSync, readFileSync } from 'node:fs'
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
  commandLines,
}: {
  lab: SupervisedLab
  logged: string
  calls: readonly CallRecord[]
  told: readonly string[]
  commandLines: string
}): Record<string, string> {
  const errors = calls.flatMap(({ outcome }) =>
    outcome.kind === 'failed' ? [outcome.message] : [],
  )
  const { storePath } = lab.broker
  const directories = new Set([lab.directory, ...(storePath ? [path.dirname(storePath)] : [])])
  return {
    'an error': [...errors, ...told].join('\n'),
    'an event': JSON.stringify(lab.events),
    'the log': logged,
    'the store': [...directories].flatMap(filesIn).join('\n'),
    'a command line': commandLines,
  }
}

function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !OF_THE_USER.test(entry.name))
    .map(({ name }) => readFileSync(path.join(directory, name), 'latin1'))
}
