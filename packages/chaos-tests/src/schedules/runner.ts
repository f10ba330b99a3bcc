/** A process that runs one schedule after the other, as it is told. */
import { inspect } from 'node:util'
import { type Asked, runOne, verdictWithoutEvidence } from './run-one.ts'

process.on('message', (asked: Asked) => {
  void runOne(asked)
    // What the run itself fails of, and not a call in it, nobody has foreseen.
    .catch((error: unknown) => verdictWithoutEvidence(asked, inspect(error), 0))
    .then((verdict) => process.send?.(verdict))
})
process.on('disconnect', () => process.exit())
