import { INVARIANTS } from '../invariants/all-invariants.ts'
import type { Evidence } from './evidence.ts'

export interface Violation {
  /** Of a file in `invariants/`. */
  readonly invariant: string
  readonly what: string
}

/** Everything that must not have been; empty when all is well. */
export function judge(evidence: Evidence): Violation[] {
  return INVARIANTS.flatMap((invariant) =>
    Array.from(invariant.violations(evidence), (what) => ({ invariant: invariant.name, what })),
  )
}
