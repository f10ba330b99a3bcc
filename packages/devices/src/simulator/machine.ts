import type { Clock } from '@nac-broker/supervisor'

export const INTERFACES = ['GigabitEthernet1', 'GigabitEthernet2', 'GigabitEthernet3', 'Loopback0']

/** No router counts up to here: a count tells whose it is. */
export const NONCES_OF_A_ROUTER = 1_000_000

/** What a simulated router knows and what its commands change, whoever's session they come from. */
export class Machine {
  hostname: string
  /** Tells the routers apart in addresses and serial numbers; from 1. */
  readonly index: number
  readonly #clock: Clock
  readonly #bootedAt: number
  #configuration: readonly string[] = []
  #executions = 0
  #nonces: number
  #clearedAt = 0

  constructor(hostname: string, index: number, clock: Clock) {
    this.hostname = hostname
    this.index = index
    this.#nonces = (index - 1) * NONCES_OF_A_ROUTER
    this.#clock = clock
    this.#bootedAt = clock.now()
  }

  get time(): Date {
    return this.#clock.wallTime()
  }

  get uptimeMs(): number {
    return this.#clock.now() - this.#bootedAt
  }

  /** In the order in which they came, those of a submode indented by one space. */
  get configuration(): readonly string[] {
    return this.#configuration
  }

  /** Packets that went through an interface: more with every command, until counters are cleared. */
  get packets(): number {
    return (this.#executions - this.#clearedAt) * 40
  }

  countExecution(): number {
    return ++this.#executions
  }

  /** No two routers of a simulator count the same. */
  countNonce(): number {
    return ++this.#nonces
  }

  clearCounters(): void {
    this.#clearedAt = this.#executions
  }

  configure(line: string, inSubmode: boolean): void {
    const [word, ...rest] = line.split(/\s+/)
    if (word === 'no') {
      const removed = rest.join(' ')
      this.#configuration = this.#configuration.filter((kept) => kept.trim() !== removed)
      return
    }
    if (word === 'hostname') this.hostname = rest[0] ?? this.hostname
    else this.#configuration = [...this.#configuration, inSubmode ? ` ${line}` : line]
  }
}
