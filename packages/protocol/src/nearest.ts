/** The candidate that takes the fewest edits to reach from `word`. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  return ranked(word, candidates)[0]?.candidate
}

/** The candidates that `word` may be a misspelling of, the nearest first: at most a third is wrong. */
export function lookalikes(word: string, candidates: readonly string[]): string[] {
  const mostEdits = Math.ceil(word.length / 3)
  return ranked(word, candidates).flatMap(({ candidate, edits }) =>
    edits <= mostEdits ? [candidate] : [],
  )
}

function ranked(
  word: string,
  candidates: readonly string[],
): { candidate: string; edits: number }[] {
  const wanted = word.toLowerCase()
  return candidates
    .map((candidate) => ({ candidate, edits: editDistance(wanted, candidate.toLowerCase()) }))
    .toSorted((a, b) => a.edits - b.edits)
}

/** Letters to insert, delete or replace, or neighbours to swap (Damerau-Levenshtein, restricted). */
function editDistance(from: string, to: string): number {
  let before: number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (const [i, letter] of from.split('').entries()) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] ?? 0) + (letter === to[j] ? 0 : 1)
      const swapped =
        j > 0 && letter === to[j - 1] && from[i - 1] === to[j] ? before[j - 1] : undefined
      next.push(
        Math.min(
          replaced,
          (row[j + 1] ?? 0) + 1,
          (next[j] ?? 0) + 1,
          (swapped ?? Number.POSITIVE_INFINITY) + 1,
        ),
      )
    }
    before = row
    row = next
  }
  return row[to.length] ?? 0
}
