import type { z } from 'zod'

/**
 * The first thing that a schema found wrong with `value`: which field, what it is, what is allowed.
 * Text is shown only where certain words are allowed: anything else may hold a secret.
 */
export function firstIssue(error: z.ZodError, value: unknown): string {
  const issue = error.issues[0] as z.core.$ZodIssue
  const field = issue.path.map(String).join('.')
  const found = at(value, issue.path)
  return `${field === '' ? '' : `${field}: `}${what(issue, found)}`
}

function what(issue: z.core.$ZodIssue, found: unknown): string {
  if (found === undefined && issue.path.length > 0) return 'missing'
  switch (issue.code) {
    case 'too_small':
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array'
        ? ofLength(issue, found)
        : `must be ${allowed(issue)}, not ${shown(found)}`
    case 'custom':
      return issue.message
    case 'unrecognized_keys':
      return `has the unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`
    default:
      return `must be ${allowed(issue)}, not ${shown(found, namesWords(issue))}`
  }
}

type Bound = z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig

function ofLength(issue: Bound, found: unknown): string {
  const { length } = found as string | unknown[]
  if (length === 0) return 'must not be empty'
  const unit = issue.origin === 'string' ? 'characters' : 'items'
  return `has ${length} ${unit}; ${bound(issue)} are allowed`
}

function bound(issue: Bound): string {
  if (issue.code === 'too_big')
    return `${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`
  return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
}

function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected
    case 'invalid_value':
      return oneOf(issue.values.map(String))
    case 'invalid_union':
      if ('options' in issue && issue.options) return oneOf(issue.options.map(String))
      return oneOf(issue.errors.flatMap(([first]) => (first ? [allowed(first)] : [])))
    case 'too_small':
    case 'too_big':
      return bound(issue)
    default:
      return issue.message
  }
}

/** Whether what is allowed are certain words, so that the one that is not can be shown. */
function namesWords(issue: z.core.$ZodIssue): boolean {
  return (
    issue.code === 'invalid_value' ||
    (issue.code === 'invalid_union' && ('options' in issue || issue.errors.flat().some(namesWords)))
  )
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
}

function oneOf(choices: readonly string[]): string {
  if (choices.length < 2) return choices.join('')
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}

/** Longer text than this is no word that somebody misspelt. */
const WORD_CHARACTERS = 40

function shown(value: unknown, word = false): string {
  if (typeof value === 'string') {
    return word && value.length <= WORD_CHARACTERS ? JSON.stringify(value) : 'text'
  }
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Uint8Array) return 'binary'
  return typeof value === 'object' && value !== null ? 'a map' : String(value)
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  )
}
