import type { Platform } from '../platforms/platform.ts'

/** Where the cursor is: a privilege level's prompt. */
export type Level = 'login' | 'work' | 'configure'

const LEVELS: readonly Level[] = ['configure', 'login', 'work']

/** IOS cuts the host name short in the prompts of its configuration modes; never below this. */
const SHORTEST_CUT = 16

/** Recognises the prompts of one device: by their pattern alone at first, then by its name as well. */
export class PromptReader {
  readonly #patterns: Platform['prompts']
  #name: string | undefined

  constructor(patterns: Platform['prompts']) {
    this.#patterns = patterns
  }

  /** From now on a prompt must bear the name that `prompt` bears. */
  learn(prompt: string): void {
    this.#name = nameIn(prompt)
  }

  /** Whether prompts bear no name (`$ `): then many a line of output looks like one. */
  get isWeak(): boolean {
    return this.#name === ''
  }

  levelOf(line: string): Level | undefined {
    const level = this.#levelByPattern(line)
    return level && this.#bearsName(nameIn(line), level) ? level : undefined
  }

  /** As `levelOf`, but a name that stands in the line `configured` counts as well. */
  levelAfter(configured: string, line: string): Level | undefined {
    const level = this.#levelByPattern(line)
    if (level === undefined || newName(configured, line) !== undefined) return level
    return this.levelOf(line)
  }

  /** Takes over the name that the line `configured` gave the device, if `prompt` bears it. */
  renamed(configured: string, prompt: string): void {
    if (this.levelOf(prompt) === undefined) this.#name = newName(configured, prompt) ?? this.#name
  }

  #levelByPattern(line: string): Level | undefined {
    return LEVELS.find((level) => this.#patterns[level]?.test(line))
  }

  #bearsName(name: string, level: Level): boolean {
    if (this.#name === undefined || name === this.#name) return true
    return level === 'configure' && name.length >= SHORTEST_CUT && this.#name.startsWith(name)
  }
}

/** The word of a configuration line with which the prompt behind it begins. */
function newName(configured: string, prompt: string): string | undefined {
  const name = nameIn(prompt)
  const words = configured.trim().split(/\s+/)
  return name === '' ? undefined : words.find((word) => word.startsWith(name))
}

/**
 * What all prompts of a device have in common at their beginning: `r1` of `r1(config)#`,
 * `RP/0/RP0/CPU0:r1` of an IOS-XR router, `admin@host` of `admin@host:~$`. Empty where a prompt shows
 * the current folder only, or nothing.
 */
export function nameIn(prompt: string): string {
  const [start = ''] = /^[^\s()#>$%~]*/.exec(prompt) ?? []
  return start.startsWith('/') ? '' : start.replace(/:(?:\/.*)?$/, '')
}
