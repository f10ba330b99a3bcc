/** How what has been heard so far stands. */
export type Hearing<Answer> =
  | { kind: 'incomplete' }
  | { kind: 'complete'; answer: Answer }
  /** Complete, unless more comes within `quietMs`. */
  | { kind: 'doubtful'; answer: Answer; quietMs: number }

/** Makes an answer of the bytes that come in reply to something. */
export interface Listener<Answer> {
  hear(bytes: Buffer): void
  /** Asked when no more bytes are waiting to be read. */
  hearing(): Hearing<Answer>
}

export const INCOMPLETE = { kind: 'incomplete' } as const
