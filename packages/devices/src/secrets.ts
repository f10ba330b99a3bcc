import { replaceEnv } from './testbed/markup.ts'
import type { Device, Testbed } from './testbed/testbed.ts'

/**
 * A shorter one stands in nearly every output by chance, and is guessed as quickly as found: to look for
 * it would keep everything from being kept, and protect nothing.
 */
const SHORTEST = 4

/** Values that must not be kept or told. Only these: what else may be a secret is not guessed at. */
export class Secrets {
  readonly #values: readonly string[]

  constructor(values: Iterable<string>) {
    const different = new Set([...values].filter(({ length }) => length >= SHORTEST))
    // The longest first: one may be the beginning of another.
    this.#values = [...different].toSorted((a, b) => b.length - a.length)
  }

  /** Whether any of them stands in it. */
  areIn(text: string | Buffer): boolean {
    return this.#values.some((value) => text.includes(value))
  }

  /** The text without them. To be called before it is shortened: half a secret is not recognised. */
  scrub(text: string): string {
    return this.#values.reduce((scrubbed, value) => scrubbed.replaceAll(value, '***'), text)
  }
}

/**
 * The passwords of all of the device's credentials, used or not, their markup resolved. One whose
 * variable is not set nobody here knows.
 */
export function secretsOf({ credentials }: Device, env: NodeJS.ProcessEnv): Secrets {
  const passwords = Object.values(credentials).flatMap(({ password }) => {
    const resolved = password === undefined ? undefined : replaceEnv(password, env)
    return resolved && 'text' in resolved ? [resolved.text] : []
  })
  return new Secrets(passwords)
}

/** Takes a device's passwords out of what is told of it. */
export type Scrub = (device: string, text: string) => string

/** `scrub` of each of the testbed's devices; of another one nothing is known that had to be taken out. */
export function scrubberOf(testbed: Testbed | undefined, env: NodeJS.ProcessEnv): Scrub {
  const known = new Map<string, Secrets>()
  return (device, text) => {
    try {
      if (!testbed) return text
      const secrets = known.get(device) ?? secretsOf(testbed.device(device), env)
      known.set(device, secrets)
      return secrets.scrub(text)
    } catch {
      return text
    }
  }
}
