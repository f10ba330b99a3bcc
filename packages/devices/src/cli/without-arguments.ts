/**
 * A shorter part of a line says nothing of the whole, and stands in many other words by chance.
 */
const SHORTEST_PART = 4

/**
 * What a device says of a configuration line, without the line's own words but for its `verbOf`: there may
 * be secrets among them that nobody has named, and a device repeats what it refuses, also in part.
 */
export function withoutArguments(words: string, line: string): string {
  const theirs = line.match(WORD) ?? []
  const secret = theirs.slice(verbOf(line) === undefined ? 0 : 1)
  const isTheirs = (word: string): boolean => secret.some((argument) => areAlike(word, argument))
  return words.replaceAll(WORD, (word) => (isTheirs(word) ? '...' : word))
}

/** The first word of a line; the only one may be a key, or the answer to a question for one. */
export function verbOf(line: string): string | undefined {
  const [verb, ...rest] = line.match(WORD) ?? []
  return rest.length > 0 ? verb : undefined
}

const WORD = /[^\s"']+/g

function areAlike(word: string, argument: string): boolean {
  if (word === argument) return true
  const [short, long] = word.length < argument.length ? [word, argument] : [argument, word]
  return short.length >= SHORTEST_PART && long.includes(short)
}
