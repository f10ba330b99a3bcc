import { BrokerError } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import type { Secrets } from '../secrets.ts'
import type { Device } from '../testbed/testbed.ts'
import type { Transport } from '../transports/transport.ts'
import { Dialogue } from './dialogue.ts'
import { FirstPromptListener } from './first-prompt.ts'
import { type Level, PromptReader } from './prompt.ts'
import { type Echo, type Reply, ReplyListener } from './reply.ts'
import { oneLine, visibleText } from './visible-text.ts'
import { withoutArguments } from './without-arguments.ts'

/** Some consoles wait for a key. After this without a prompt they get one, once. */
const NUDGE_AFTER_MS = 3_000

/** The command line of one device: what is typed, and the prompt behind the answer. */
export class Cli {
  readonly device: Device
  readonly secrets: Secrets
  readonly #dialogue: Dialogue
  readonly #clock: Clock
  readonly #prompts: PromptReader
  #echo: Echo = 'unknown'
  #level: Level = 'login'
  #workPrompt: string | undefined
  #lastWords = (): string => ''

  constructor(
    transport: Transport,
    device: Device,
    { secrets, clock }: { secrets: Secrets; clock: Clock },
  ) {
    this.device = device
    this.secrets = secrets
    this.#dialogue = new Dialogue(transport, clock)
    this.#clock = clock
    this.#prompts = new PromptReader(device.platform.prompts)
  }

  /** Settles, never rejecting, when the connection is over: with the reason, if it was not our doing. */
  get closed(): Promise<BrokerError | undefined> {
    return this.#dialogue.closed
  }

  get level(): Level {
    return this.#level
  }

  /** The last line that the device sent, for people; not where it may be content. */
  get lastWords(): string {
    return this.quote(this.#lastWords(), 80)
  }

  /** What the device said, fit for one line of an error message. */
  quote(words: string, maxLength: number): string {
    return oneLine(this.secrets.scrub(words), maxLength)
  }

  /** @throws {BrokerError} `SESSION_LIMIT`, and what the connection ended with */
  async firstPrompt(): Promise<void> {
    const { name: device, platform } = this.device
    const listener = new FirstPromptListener({
      levelOf: (line) => this.#prompts.levelOf(line),
      linesFull: platform.linesFull,
    })
    this.#lastWords = () => textOf(listener.lastWords)
    const nudge = this.#clock.startTimer(NUDGE_AFTER_MS, () => {
      // A question is not to be answered, least of all one for a name or a password.
      if (/[:?]\s*$/.test(visibleText(listener.lastWords))) return
      listener.nudged()
      this.#dialogue.interject('\n')
    })
    try {
      const first = await this.#dialogue.ask(undefined, listener)
      if (first.kind === 'lines full') {
        const message = `${device}: the device has no session left ("${this.quote(first.words, 80)}")`
        throw new BrokerError('SESSION_LIMIT', message, { device })
      }
      this.#arriveAt(first.level, first.prompt)
    } finally {
      nudge.cancel()
    }
  }

  /** From now on only a prompt with the device's present name is one. */
  learnPrompt(): void {
    if (this.#workPrompt !== undefined) this.#prompts.learn(visibleText(this.#workPrompt))
  }

  /**
   * Types a line and waits for the next prompt, whichever it is; returns what came before that.
   * @throws {BrokerError} why the dialogue is over
   */
  async type(line: string): Promise<Buffer> {
    const { output } = await this.#type(line, (text) => this.#prompts.levelOf(text))
    return output
  }

  /** As `type`, for a line of configuration: it may give the device another name. */
  async configure(line: string): Promise<Buffer> {
    const promptAt = (text: string): Level | undefined => this.#prompts.levelAfter(line, text)
    const reply = this.#type(line, promptAt)
    const lastWords = this.#lastWords
    // It may repeat the line.
    this.#lastWords = () => withoutArguments(lastWords(), line)
    const { output, prompt } = await reply
    this.#prompts.renamed(line, visibleText(prompt))
    return output
  }

  /**
   * Types a command that asks for a password, and that. Where it got to, `level` tells; a password
   * that was not taken leaves it where it was.
   */
  async typeWithPassword(
    command: string,
    passwordPrompt: RegExp,
    password: () => string,
  ): Promise<Buffer> {
    const promptAt = (text: string): Level | 'password' | undefined =>
      passwordPrompt.test(text) ? 'password' : this.#prompts.levelOf(text)
    const asked = await this.#ask(command, this.#echo, promptAt)
    this.#echo = asked.echo
    if (asked.where !== 'password') {
      this.#arriveAt(asked.where, asked.prompt)
      return asked.output
    }
    const answer = this.#ask(password(), 'no', promptAt)
    // It may repeat the password.
    this.#lastWords = () => ''
    const answered = await answer
    if (answered.where !== 'password') this.#arriveAt(answered.where, answered.prompt)
    return answered.output
  }

  /** Drops the connection; whoever waits gets `error`. Idempotent. */
  fail(error: BrokerError): void {
    this.#dialogue.fail(error)
  }

  async close(): Promise<void> {
    await this.#dialogue.close()
  }

  async #type(line: string, promptAt: (text: string) => Level | undefined): Promise<Reply<Level>> {
    const reply = await this.#ask(line, this.#echo, promptAt)
    this.#echo = reply.echo
    this.#arriveAt(reply.where, reply.prompt)
    return reply
  }

  async #ask<Where>(
    line: string,
    echo: Echo,
    promptAt: (text: string) => Where | undefined,
  ): Promise<Reply<Where>> {
    const listener = new ReplyListener({
      typed: Buffer.from(line).toString('latin1'),
      echo,
      promptAt,
      weakPrompts: this.#prompts.isWeak,
      workPrompt: this.#workPrompt,
    })
    this.#lastWords = () => textOf(listener.lastWords)
    return this.#dialogue.ask(`${line}\n`, listener)
  }

  #arriveAt(level: Level, prompt: string): void {
    this.#level = level
    if (level === 'work') this.#workPrompt = prompt
  }
}

/** Of a byte string. */
function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString()
}
