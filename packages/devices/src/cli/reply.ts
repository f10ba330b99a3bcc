import { EchoFinder } from './echo.ts'
import { LastLine } from './last-line.ts'
import { type Hearing, INCOMPLETE, type Listener } from './listener.ts'
import { visibleText } from './visible-text.ts'

/** Whether the other side repeats what is typed: a terminal does, a program on a pipe does not. */
export type Echo = 'unknown' | 'yes' | 'no'

export interface Reply<Where> {
  /** What came between the echo and the prompt, without the line break before the prompt. */
  output: Buffer
  where: Where
  /** As it came, a byte string. */
  prompt: string
  echo: Echo
}

export interface ReplyOptions<Where> {
  /** What is typed, a byte string. */
  typed: string
  echo: Echo
  /** Where the cursor is when `line` is the last one; undefined when that is no prompt. */
  promptAt: (line: string) => Where | undefined
  /** Whether prompts bear no name, so that a line of output may look like one. */
  weakPrompts: boolean
  /** The prompt of the `work` level, which may stand behind output that has no line break at its end. */
  workPrompt: string | undefined
}

/** Who asks a question says little else. In more than this the same words are content. */
const MAX_QUESTION_BYTES = 1_000
/** An echo that is late by more than this after a prompt is not coming: the prompt was the answer. */
const ECHO_QUIET_MS = 300
/** What only looks like a prompt is followed by the rest of its line sooner than this. */
const PROMPT_QUIET_MS = 100

/** Hears the reply to a typed line: its echo, its output, and the prompt behind that. */
export class ReplyListener<Where> implements Listener<Reply<Where>> {
  readonly #options: ReplyOptions<Where>
  #echo: { kind: 'awaited'; finder: EchoFinder } | { kind: 'found' } | { kind: 'none' }
  #pieces: Buffer[] = []
  #length = 0
  #lastLine = new LastLine()

  constructor(options: ReplyOptions<Where>) {
    const { typed, echo, promptAt } = options
    this.#options = options
    const finder = new EchoFinder(typed, (text) => promptAt(text) !== undefined)
    this.#echo = echo === 'no' ? { kind: 'none' } : { kind: 'awaited', finder }
  }

  /** The end of the line that the cursor is in, a byte string; nothing where that is part of a long output. */
  get lastWords(): string {
    return this.#length > MAX_QUESTION_BYTES ? '' : this.#lastLine.end
  }

  hear(bytes: Buffer): void {
    const afterEcho = this.#echo.kind === 'awaited' ? this.#echo.finder.hear(bytes) : undefined
    if (afterEcho === undefined) return this.#keep(bytes)
    this.#echo = { kind: 'found' }
    this.#pieces = []
    this.#length = 0
    this.#lastLine = new LastLine()
    this.#keep(afterEcho)
  }

  hearing(): Hearing<Reply<Where>> {
    const echoIsMissing = this.#echo.kind === 'awaited'
    if (echoIsMissing && this.#options.echo === 'yes') return INCOMPLETE
    const line = this.#lastLine.end
    const text = visibleText(line)
    const where = this.#lastLine.length > line.length ? undefined : this.#options.promptAt(text)
    if (where === undefined) return this.#hearPromptBehindOutput()
    const answer = this.#reply(where, line)
    if (echoIsMissing) return { kind: 'doubtful', answer, quietMs: ECHO_QUIET_MS }
    if (this.#options.weakPrompts) return { kind: 'doubtful', answer, quietMs: PROMPT_QUIET_MS }
    return { kind: 'complete', answer }
  }

  /** Output that ends without a line break (`cat`) has the prompt right behind it. */
  #hearPromptBehindOutput(): Hearing<Reply<Where>> {
    const { workPrompt, weakPrompts } = this.#options
    if (this.#echo.kind === 'awaited' || workPrompt === undefined || weakPrompts) return INCOMPLETE
    const where = this.#options.promptAt(visibleText(workPrompt))
    if (where === undefined || !this.#lastLine.end.endsWith(workPrompt)) return INCOMPLETE
    return { kind: 'doubtful', answer: this.#reply(where, workPrompt), quietMs: PROMPT_QUIET_MS }
  }

  #keep(bytes: Buffer): void {
    this.#lastLine.hear(bytes)
    // What comes before an echo that is sure to come is of no use.
    if (this.#echo.kind === 'awaited' && this.#options.echo === 'yes') return
    this.#pieces.push(bytes)
    this.#length += bytes.length
  }

  #reply(where: Where, prompt: string): Reply<Where> {
    const echo = this.#echo.kind === 'found' ? 'yes' : 'no'
    return { output: this.#output(prompt.length), where, prompt, echo }
  }

  #output(promptLength: number): Buffer {
    const bytes = Buffer.concat(this.#pieces, this.#length)
    let end = this.#length - promptLength
    if (promptLength === this.#lastLine.length && bytes[end - 1] === 0x0a) {
      end -= bytes[end - 2] === 0x0d ? 2 : 1
    }
    return bytes.subarray(0, end)
  }
}
