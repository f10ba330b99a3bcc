import type { Evidence } from '../schedules/evidence.ts'

/** What must be true of every run, whatever befell it. Yields what was not, in words. */
export interface Invariant {
  readonly name: string
  readonly promise: string
  violations(evidence: Evidence): Iterable<string>
}
