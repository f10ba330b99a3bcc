import { createHash } from 'node:crypto'
import type { Clock } from '@nac-broker/supervisor'
import { answer } from './answers.ts'
import type { DeviceLogEvent } from './device-log.ts'
import type { Machine } from './machine.ts'
import { answerWith, greeting, type Quirk } from './quirk.ts'
import { type Sent, sendAnswer } from './send-answer.ts'
import type { Terminal } from './terminal.ts'

export interface CliOptions {
  terminal: Terminal
  machine: Machine
  record: (event: DeviceLogEvent) => void
  /** Asked before each answer, in milliseconds; with 0 no timer is involved. */
  latencyMs: () => number
  /** Asked whenever it matters. */
  quirk: () => Quirk | undefined
  /** Absent: the session begins at `#`, and `enable` asks for nothing. */
  enablePassword: string | undefined
  clock: Clock
}

/** A mode is what its prompt shows behind the host name. */
type Mode = '>' | '#' | '(config)#' | '(config-if)#' | '(config-router)#' | '(config-line)#'

type Outcome = Iterable<string> | 'ask for the password' | 'log out'

const SUBMODES: Readonly<Record<string, Mode>> = {
  interface: '(config-if)#',
  router: '(config-router)#',
  line: '(config-line)#',
}

const CONFIGURATION_LINE =
  /^(?:aaa|access-list|address-family|bandwidth|banner|crypto|default|description|enable|hostname|interface|ip|ipv6|line|logging|login|mtu|neighbor|network|no|ntp|redistribute|route-map|router|service|shutdown|snmp-server|transport|username|vlan|vrf)\b/

const DEFAULT_PAGE = 24
const PASSWORD_PROMPT = 'Password: '

/** One IOS-XE shell session, one line at a time: what is typed meanwhile waits its turn. */
export class Cli {
  readonly #options: CliOptions
  #mode: Mode
  #pageLength: number | 'off' = DEFAULT_PAGE

  constructor(options: CliOptions) {
    this.#options = options
    this.#mode = options.enablePassword === undefined ? '#' : '>'
  }

  /** Resolves with who ended the session. */
  async run(): Promise<'exit' | 'client closed'> {
    const { terminal, quirk } = this.#options
    terminal.print(greeting(quirk()))
    const shown = quirk()?.kind === 'no echo' ? 'unseen' : 'echoed'
    for (let isFirst = true; ; isFirst = false) {
      if (isFirst || quirk()?.kind !== 'no prompt') terminal.print(this.#prompt)
      const line = await this.#readLine(shown)
      if (line === undefined || terminal.over.aborted) return 'client closed'
      if (line.trim() === '') continue
      if ((await this.#execute(line)) === 'log out') return 'exit'
    }
  }

  get #prompt(): string {
    return `${this.#options.machine.hostname}${this.#mode}`
  }

  async #readLine(shown: 'echoed' | 'hidden' | 'unseen'): Promise<string | undefined> {
    const { terminal } = this.#options
    const echo = (text: string): void => {
      if (shown === 'echoed') terminal.print(text)
    }
    let line = ''
    for (;;) {
      const key = await terminal.readKey()
      if (key === undefined) return undefined
      if (key === '\r') {
        if (shown !== 'unseen') terminal.print('\r\n')
        return line
      }
      if (key === '\b' || key === '\x7f') {
        if (line !== '') echo('\b \b')
        line = line.slice(0, -1)
      } else if (key >= ' ') {
        line += key
        echo(key)
      }
    }
  }

  async #execute(typed: string): Promise<'log out' | 'go on'> {
    const { terminal, record, clock } = this.#options
    const line = textOf(typed)
    record({ event: 'command', line })
    const outcome = this.#interpret(typed)
    const latencyMs = this.#options.latencyMs()
    if (latencyMs > 0) {
      await terminal.flush()
      await clock.sleep(latencyMs, terminal.over).catch(() => {})
    }
    if (outcome === 'log out') return 'log out'
    const sent =
      outcome === 'ask for the password'
        ? await this.#askPassword()
        : await sendAnswer(terminal, this.#asIs(outcome), this.#pageLength)
    if (sent && !terminal.over.aborted) record({ event: 'output', line, ...sent })
    return 'go on'
  }

  #asIs(lines: Iterable<string>): Iterable<string> {
    const quirk = this.#options.quirk()
    return quirk ? answerWith(quirk, lines, this.#prompt) : lines
  }

  #interpret(typed: string): Outcome {
    const line = typed.trim()
    const inConfiguration = this.#mode !== '>' && this.#mode !== '#'
    if (!inConfiguration) return this.#inExec(line) ?? this.#invalid(typed, line)
    if (line.startsWith('do ')) {
      const command = line.slice('do '.length).trim()
      return answer(this.#options.machine, command) ?? this.#invalid(typed, command)
    }
    return this.#inConfiguration(line) ?? this.#invalid(typed, line)
  }

  #inExec(line: string): Outcome | undefined {
    const { machine, enablePassword } = this.#options
    const privileged = this.#mode === '#'
    const length = /^terminal length (\d{1,3})$/.exec(line)?.[1]
    if (length !== undefined) {
      this.#pageLength = Number(length) === 0 ? 'off' : Number(length)
      return []
    }
    if (/^terminal width \d{1,3}$/.test(line)) return []
    switch (line) {
      case 'exit':
      case 'logout':
        return 'log out'
      case 'disable':
        this.#mode = '>'
        return []
      case 'enable':
        if (!privileged && enablePassword !== undefined) return 'ask for the password'
        this.#mode = '#'
        return []
      case 'configure terminal':
        if (!privileged) return undefined
        this.#mode = '(config)#'
        return ['Enter configuration commands, one per line.  End with CNTL/Z.']
      case 'show':
      case 'clear':
      case 'terminal':
      case 'configure':
        return ['% Incomplete command.', '']
      default:
        if (!privileged && !/^show (?!running-config)/.test(line)) return undefined
        return answer(machine, line)
    }
  }

  #inConfiguration(line: string): Outcome | undefined {
    if (line === 'end') {
      this.#mode = '#'
      return []
    }
    if (line === 'exit') {
      this.#mode = this.#mode === '(config)#' ? '#' : '(config)#'
      return []
    }
    if (!CONFIGURATION_LINE.test(line)) return undefined
    const submode = SUBMODES[line.split(' ', 1)[0] ?? '']
    this.#options.machine.configure(line, submode === undefined && this.#mode !== '(config)#')
    if (submode !== undefined) this.#mode = submode
    return []
  }

  /** The caret stands below the first character of what was not understood. */
  #invalid(typed: string, part: string): string[] {
    const caret = ' '.repeat(this.#prompt.length + typed.indexOf(part))
    return [`${caret}^`, "% Invalid input detected at '^' marker.", '']
  }

  async #askPassword(): Promise<Sent | undefined> {
    const { terminal, enablePassword } = this.#options
    const sent = []
    for (let attempt = 1; attempt <= 3; attempt++) {
      terminal.print(PASSWORD_PROMPT)
      sent.push(PASSWORD_PROMPT)
      const password = await this.#readLine('hidden')
      if (password === undefined) return undefined
      if (textOf(password) === enablePassword) {
        this.#mode = '#'
        return measure(sent)
      }
    }
    terminal.print('% Bad secrets\r\n\r\n')
    return measure([...sent, '% Bad secrets', ''])
  }
}

function measure(lines: readonly string[]): Sent {
  const text = lines.join('\r\n')
  return { bytes: text.length, sha256: createHash('sha256').update(text, 'latin1').digest('hex') }
}

/** What a byte string says. */
function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString()
}
