/** A mistake that somebody could make in our code, and that the suite must notice. */
export interface Mutant {
  readonly name: string
  /** What it stands for, in a few words. */
  readonly mistake: string
  readonly edits: readonly Edit[]
  /** What it needs to show, where it rarely comes together; absent: whatever is drawn. */
  readonly faults?: readonly string[]
}

export interface Edit {
  /** Below `packages/`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

/** @throws when the file has changed so that the mutant does not apply any more */
export function mutated(source: string, { file, find, replace }: Edit): string {
  const parts = source.split(find)
  if (parts.length === 2) return parts.join(replace)
  throw new Error(`${file} has ${parts.length - 1} times, not once: ${find}`)
}
