/** How a device may misbehave where every other one is well-behaved. */
export type Quirk =
  /** Its answers have lines in them that look like its prompt. */
  | { readonly kind: 'prompts in answers' }
  /** Nothing follows its answers. */
  | { readonly kind: 'no prompt' }
  /** What is typed in a session that begins now is not shown. */
  | { readonly kind: 'no echo' }
  /** Its answers have bytes in them that are no text in any encoding. */
  | { readonly kind: 'bytes in answers' }
  /** Before the first prompt it sends so much of anything. */
  | { readonly kind: 'noise at login'; readonly bytes: number }
  /** So many more bytes than were asked for come with each answer. */
  | { readonly kind: 'floods'; readonly bytes: number }
  /** Somebody else has all its lines. */
  | { readonly kind: 'lines taken' }

/** Begins an answer of `bytes in answers`, as latin1. */
export const NOT_TEXT = '\xff\xfe\x80\xc3( \x1b[2J\xed\xa0\x80'
const NOISE = `\x1b[31m${NOT_TEXT}\x1b[0m >\r\n% noise# \r\n`

/** What is answered when `lines` are the answer. */
export function* answerWith(
  quirk: Quirk | undefined,
  lines: Iterable<string>,
  prompt: string,
): Generator<string> {
  if (quirk?.kind === 'prompts in answers') yield* [prompt, `${prompt} is what it says`]
  if (quirk?.kind === 'bytes in answers') yield NOT_TEXT
  if (quirk?.kind === 'floods')
    for (let bytes = 0; bytes < quirk.bytes; bytes += FLOOD.length) yield FLOOD
  yield* lines
}

const FLOOD = '~'.repeat(1_000)

/** What comes before the first prompt. */
export function greeting(quirk: Quirk | undefined): string {
  const bytes = quirk?.kind === 'noise at login' ? quirk.bytes : 0
  return `${NOISE.repeat(Math.ceil(bytes / NOISE.length))}\r\n`
}
