import { LastLine } from './last-line.ts'
import { type Hearing, INCOMPLETE, type Listener } from './listener.ts'
import { type Level, nameIn } from './prompt.ts'
import { oneLine, visibleText } from './visible-text.ts'

export type FirstPrompt =
  | { kind: 'prompt'; level: Level; prompt: string }
  | { kind: 'lines full'; words: string }

export interface FirstPromptOptions {
  levelOf: (line: string) => Level | undefined
  linesFull: RegExp
}

/** How much of what precedes the prompt is kept, in characters. */
const MAX_BANNER = 4_096
/** How long a device that says that it is full may still come up with a prompt. */
const LINES_FULL_QUIET_MS = 1_000
/** A banner made of `#` looks like a shell's prompt for a moment. */
const WEAK_PROMPT_QUIET_MS = 300
/** How long an answer to a nudge may follow the prompt that came without it. */
const NUDGED_QUIET_MS = 1_000

/** Waits for the first prompt of a session; whatever banners come before it are skipped. */
export class FirstPromptListener implements Listener<FirstPrompt> {
  readonly #options: FirstPromptOptions
  readonly #lastLine = new LastLine()
  #banner = ''
  #nudged = false

  constructor(options: FirstPromptOptions) {
    this.#options = options
  }

  /** The last line that came with anything in it, a byte string. */
  get lastWords(): string {
    return this.#banner.split('\n').findLast((line) => oneLine(line, 1) !== '') ?? ''
  }

  /** To be called when a line break was sent: the prompt may now come twice. */
  nudged(): void {
    this.#nudged = true
  }

  hear(bytes: Buffer): void {
    this.#banner = (this.#banner + bytes.toString('latin1')).slice(-MAX_BANNER)
    this.#lastLine.hear(bytes)
  }

  hearing(): Hearing<FirstPrompt> {
    const prompt = this.#lastLine.end
    const text = visibleText(prompt)
    const level = this.#lastLine.length > prompt.length ? undefined : this.#options.levelOf(text)
    if (level !== undefined) {
      const answer = { kind: 'prompt', level, prompt } as const
      if (this.#nudged) return { kind: 'doubtful', answer, quietMs: NUDGED_QUIET_MS }
      if (nameIn(text) !== '') return { kind: 'complete', answer }
      return { kind: 'doubtful', answer, quietMs: WEAK_PROMPT_QUIET_MS }
    }
    const { linesFull } = this.#options
    const words = this.#banner.split('\n').find((line) => linesFull.test(line))
    if (words === undefined) return INCOMPLETE
    const answer = { kind: 'lines full', words } as const
    return { kind: 'doubtful', answer, quietMs: LINES_FULL_QUIET_MS }
  }
}
