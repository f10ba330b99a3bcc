/** What may be typed without changing the device, on a CLI whose commands are read by `show`. */
export interface ShowGrammar {
  /** First words that only read, abbreviations included. */
  commands: readonly string[]
  /** What may stand behind a pipe and only filters; abbreviations are recognised. */
  filters: readonly string[]
  /** What else may stand behind a pipe: it writes, sends or runs something. */
  writers: readonly string[]
  /**
   * What a second pipe means: `filter`, one more of them (NX-OS); `text`, a bar in the first one's
   * regular expression, unless a writer with an argument follows it.
   */
  laterPipes: 'filter' | 'text'
  /** Anywhere in the command, these write or chain. */
  forbidden?: RegExp
}

/**
 * An allow-list: a command that this does not know is not read-only, for a wrong yes would share and
 * repeat what was meant to happen once.
 */
export function isShowCommand(command: string, grammar: ShowGrammar): boolean {
  const [shown = '', ...pipes] = command.trim().toLowerCase().split('|')
  const [first = '', ...words] = shown.trim().split(/\s+/)
  if (!grammar.commands.includes(first)) return false
  if (grammar.forbidden?.test(command)) return false
  // `show platform hardware qfp active statistics drop clear` reads and then clears.
  if (words.some(isClear)) return false
  return pipes.every((pipe, index) =>
    index === 0 || grammar.laterPipes === 'filter'
      ? isFilter(pipe, grammar)
      : !isWriter(pipe, grammar),
  )
}

function isClear(word: string): boolean {
  return word.length >= 2 && 'clear'.startsWith(word)
}

function isFilter(pipe: string, { filters, writers }: ShowGrammar): boolean {
  const word = pipe.trim().split(/\s+/)[0] ?? ''
  if (word === '') return false
  if (filters.includes(word)) return true
  return abbreviates(word, filters) && !abbreviates(word, writers)
}

function isWriter(pipe: string, { writers }: ShowGrammar): boolean {
  const [word = '', argument] = pipe.trim().split(/\s+/)
  return word !== '' && argument !== undefined && abbreviates(word, writers)
}

function abbreviates(word: string, names: readonly string[]): boolean {
  return names.some((name) => name.startsWith(word))
}
