import { allPids, commandLineOf } from './system-processes.ts'

/** Of so many calls that settle, at one. */
const EVERY = 5

/** The command lines that there are while brokers and clients run. */
export class CommandLines {
  readonly #seen = new Set<string>()
  #settled = 0

  /** A call has settled. */
  settled(): void {
    if (this.#settled++ % EVERY === 0) this.look()
  }

  look(): void {
    for (const pid of allPids()) this.#seen.add(commandLineOf(pid))
  }

  get text(): string {
    return [...this.#seen].join('\n')
  }
}
