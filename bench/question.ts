/** Something to be measured. Its file measures and checks; what is printed, and how, is `main.ts`'s. */
export interface Question {
  /** What it is called on the command line. */
  readonly name: string
  readonly asks: string
  /** What bounds it, or what one would do without us; absent where a figure speaks for itself. */
  readonly beside?: string
  /** What a crash policy promises: its figures stand in docs/crash-policies.md too. */
  readonly ofCrash?: true
  /**
   * Fewer samples when `quick`. What was measured was right: anything else throws, whether an answer
   * was wrong or a device saw what it must never see.
   * @throws {Skipped}
   */
  measure(effort: { quick: boolean }): Promise<Table[]>
}

/**
 * It cannot be measured: what it is measured beside is not on this machine, or it cannot be done quickly. The
 * message says what is missing and how to get it, without a full stop.
 */
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
