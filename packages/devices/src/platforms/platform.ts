/**
 * A platform is data: what the CLI of one network operating system looks like. The session code is
 * the same for all of them.
 */
export interface Platform {
  /** pyATS `os` values that mean this platform; the first is its name. */
  os: readonly [string, ...string[]]
  /**
   * What the cursor waits behind, by privilege level. Each pattern is matched against the last line
   * the device has sent (no line break behind it). After login the session works at `work`.
   */
  prompts: {
    /** Logged in, not yet allowed to do everything (IOS `r1>`); absent where login gives `work`. */
    login?: RegExp
    /** Where commands are executed (IOS `r1#`). */
    work: RegExp
    /** Configuration mode and its submodes (IOS `r1(config-if)#`); absent where there is none. */
    configure?: RegExp
  }
  /** How to get from `login` to `work`; absent where they are one. */
  enable?: { command: string; passwordPrompt: RegExp }
  /** How to enter and leave configuration mode; absent where `configure` is not supported. */
  configure?: { enter: readonly string[]; leave: readonly string[] }
  /** Acts as it is typed, in the middle of a line, and so cannot be part of one (IOS: `?` opens help). */
  helpKey?: string
  /** Sent after login, so that output comes in one piece. */
  disablePaging: readonly string[]
  /** Commands that change nothing: cached, shared between callers, replayed. */
  isReadOnly(command: string): boolean
  /** Lines that mean the device refused the command. Matched line by line. */
  errorPatterns: readonly RegExp[]
  /** Output in place of a first prompt (or a refusal to log in) that means: all lines are taken. */
  linesFull: RegExp
}
