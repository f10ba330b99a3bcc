import { FAILURE_POLICIES } from '../failure-policy.ts'
import { lookalikes } from '@nac-broker/protocol'

/** How a value is written, wherever it is written: behind a flag or in the config file. */
export interface Setting<Value> {
  /** In words, for the error and the help. */
  allowed: string
  /** The words that are allowed, where only certain ones are. */
  words: readonly string[]
  /** Undefined for what is not allowed. */
  parse(text: string): Value | undefined
}

/** Up to a day, as every duration of the broker. */
export const MILLISECONDS = wholeNumber(1, 86_400_000)
export const SECONDS = wholeNumber(1, 86_400)

/** 0: any that is free. */
export const PORT = wholeNumber(0, 65_535)

export const TEXT: Setting<string> = {
  allowed: 'any text but an empty one',
  words: [],
  parse: (text) => (text === '' || text.includes('\0') ? undefined : text),
}

/** What to do when the broker is lost; a bare `restart` means `restart,abort`. */
export const CRASH_POLICY = oneOf(
  'abort',
  'fallback',
  'restart',
  'restart,abort',
  'restart,fallback',
)

/** What to do when a worker fails. */
export const FAILURE_POLICY = oneOf(...FAILURE_POLICIES)

export const HOST = oneOf('inline', 'thread', 'process')

export function wholeNumber(min: number, max: number): Setting<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    words: [],
    parse(text) {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
      return value >= min && value <= max ? value : undefined
    },
  }
}

export function oneOf<Word extends string>(...words: Word[]): Setting<Word> {
  return { allowed: words.join(', '), words, parse: (text) => words.find((word) => word === text) }
}

export function either<A, B>(first: Setting<A>, second: Setting<B>): Setting<A | B> {
  return {
    allowed: `${first.allowed}, or ${second.allowed}`,
    words: [...first.words, ...second.words],
    parse: (text) => first.parse(text) ?? second.parse(text),
  }
}

/** What to tell who wrote something else. */
export function refusal(setting: Setting<unknown>, text: string): string {
  const meant = /^\D/.test(text) ? lookalikes(text, setting.words)[0] : undefined
  const suggestion = meant === undefined ? '' : `; did you mean ${meant}?`
  return `${JSON.stringify(text)} is not allowed (allowed: ${setting.allowed})${suggestion}`
}
