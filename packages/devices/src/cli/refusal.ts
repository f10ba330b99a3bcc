import { visibleText } from './visible-text.ts'

/**
 * A device that refuses a command says little else. In more than this the same words are content: a
 * log, a configuration, somebody's notes.
 */
const MAX_LINES = 5
const MAX_BYTES = 1_000

/** The line with which the device refused what was typed; undefined when it did not. */
export function refusalIn(output: Buffer, patterns: readonly RegExp[]): string | undefined {
  if (output.length > MAX_BYTES) return undefined
  const lines = output.toString().split('\n').map(visibleText)
  const spoken = lines.filter((line) => line.trim() !== '')
  if (spoken.length > MAX_LINES) return undefined
  return spoken.find((line) => patterns.some((pattern) => pattern.test(line)))
}
