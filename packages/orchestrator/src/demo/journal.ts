import type { ErrorCode } from '@nac-broker/protocol'

/** How a worker's command went. Moments are those of the machine's monotonic clock, in milliseconds. */
export type Call = { device: string; command: string; endedMs: number } & (
  | {
      answer: 'right' | 'wrong'
      cached: boolean
      via: 'broker' | 'direct'
      /** How often it was sent. */
      attempts: number
      /** Which of the run's brokers answered. */
      generation: number
    }
  | {
      code: ErrorCode
      message: string
      /** Whether the client has lost its broker while this was in flight. */
      acrossLoss: boolean
    }
)

export type Answered = Extract<Call, { answer: unknown }>

/** What a demo's worker prints: one line of JSON for each. */
export type JournalEntry =
  | { entry: 'started'; pid: number }
  /** From now on it is told of the broker's loss. */
  | { entry: 'connected' }
  /** Its client knows that the broker is lost. */
  | { entry: 'lost'; atMs: number }
  | ({ entry: 'call' } & Call)

/** What the workers have told, all of them together. */
export class Journal {
  readonly pids: number[] = []
  /** How many workers have been connected. */
  connected = 0
  readonly calls: (Call & { worker: string })[] = []
  /** Those calls that have an answer. */
  readonly answered: Answered[] = []
  readonly lossesMs: number[] = []

  /** Anything else that a worker prints, such as a stack trace, is in its log. */
  read(worker: string, line: string): void {
    const told = parse(line)
    switch (told?.entry) {
      case 'started':
        this.pids.push(told.pid)
        return
      case 'connected':
        this.connected++
        return
      case 'lost':
        this.lossesMs.push(told.atMs)
        return
      case 'call':
        this.calls.push({ ...told, worker })
        if ('answer' in told) this.answered.push(told)
        return
      case undefined:
    }
  }
}

function parse(line: string): JournalEntry | undefined {
  try {
    return JSON.parse(line) as JournalEntry
  } catch {
    return undefined
  }
}

/** Whether this was answered without the run's first broker: by a later one, or by the device itself. */
export function isWithoutTheFirst({ via, generation }: Answered): boolean {
  return via === 'direct' || generation > 1
}
