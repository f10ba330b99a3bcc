/** Something to be measured. Its file measures and checks; what is printed, and how, is `main.ts`'s. */
export interface Question {
  /** What it is called on the command line. */
  readonly name: string
  readonly asks: string
  /**
   * Fewer samples when `quick`. What was measured was right: anything else throws, whether an answer
   * was wrong or a device saw what it must never see.
   * @throws {Skipped}
   */
  measure(effort: { quick: boolean }): Promise<Table[]>
}

/** What it is measured beside is not on this machine; the message says what, and how to get it. */
export class Skipped extends Error {
  override readonly name = 'Skipped'
}

export interface Table {
  readonly title: string
  readonly unit: string
  /** Behind the decimal point. */
  readonly digits: number
  readonly rows: readonly Row[]
}

export interface Row {
  readonly what: string
  readonly samples: readonly number[]
  /** What it should be on an idle machine, in words. The machine is not judged by it. */
  readonly bar?: string
}
