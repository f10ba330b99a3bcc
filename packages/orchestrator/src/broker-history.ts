import type { SupervisedBroker, SupervisedBrokerEvent } from '@nac-broker/broker'
import { type Clock, whenAborted } from '@nac-broker/supervisor'
import type { GenerationReport } from './report.ts'

const TURNS = ['listening', 'broker-lost', 'restarting', 'fallback', 'aborted'] as const

/** What happens to the run's broker, as opposed to what happens in it. */
export type BrokerTurn = Extract<SupervisedBrokerEvent, { event: (typeof TURNS)[number] }>

interface HistoryOptions {
  clock: Clock
  onTurn: (turn: BrokerTurn) => void
}

/** The generations of the run's broker, from the first one that listens until it is closed. */
export class BrokerHistory {
  readonly generations: GenerationReport[] = []
  readonly #broker: SupervisedBroker
  readonly #options: HistoryOptions
  readonly #reading: Promise<void>
  #nextTurn = Promise.withResolvers<void>()
  /** There is no broker any more, and there will be none. */
  #over = false

  constructor(broker: SupervisedBroker, options: HistoryOptions) {
    this.#broker = broker
    this.#options = options
    this.generations.push({ generation: broker.generation, startedAt: this.#now() })
    this.#reading = this.#read(broker.events())
  }

  /**
   * Resolves when it is known what became of the broker: it answers, clients go on without it, or it was
   * given up. While it is being restarted nobody can tell. `signal` ends the wait.
   */
  async settled(signal: AbortSignal): Promise<void> {
    const aborted = whenAborted(signal)
    const isUp = async (): Promise<boolean> => {
      // Taken before the question, so that no turn is missed meanwhile.
      const turn = this.#nextTurn.promise
      const answers = await this.#broker.status().then(
        () => true,
        () => false,
      )
      if (!answers && !this.#over) await Promise.race([turn, aborted])
      return answers
    }
    while (!this.#over && !signal.aborted) {
      if (await Promise.race([isUp(), aborted])) return
    }
  }

  /** Resolves when the broker has been closed and nothing more is to be told of it. */
  async finish(): Promise<void> {
    await this.#reading
    const last = this.generations.at(-1)
    if (last) last.endedAt ??= this.#now()
  }

  async #read(events: AsyncIterable<SupervisedBrokerEvent>): Promise<void> {
    const first = await this.#broker.status().catch(() => undefined)
    const [known] = this.generations
    if (known && first?.generation === known.generation) known.pid = first.pid
    for await (const event of events) {
      if (isTurn(event)) this.#take(event)
    }
  }

  #take(turn: BrokerTurn): void {
    const { generation } = turn
    const at = this.#now()
    switch (turn.event) {
      case 'listening':
        this.generations.push({ generation, startedAt: at, pid: turn.pid })
        break
      case 'broker-lost':
        this.#lose(generation, { endedAt: at, lost: turn.message })
        break
      case 'fallback':
      case 'aborted':
        this.#over = true
        break
      case 'restarting':
    }
    this.#options.onTurn(turn)
    this.#nextTurn.resolve()
    this.#nextTurn = Promise.withResolvers()
  }

  /** One that was lost before it listened has no life to tell of. */
  #lose(generation: number, end: { endedAt: string; lost: string }): void {
    const known = this.generations.find((one) => one.generation === generation)
    if (known) Object.assign(known, end)
    else this.generations.push({ generation, startedAt: end.endedAt, ...end })
  }

  #now(): string {
    return this.#options.clock.wallTime().toISOString()
  }
}

function isTurn(event: SupervisedBrokerEvent): event is BrokerTurn {
  return TURNS.some((name) => name === event.event)
}
