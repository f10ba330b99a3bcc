import { createHash } from 'node:crypto'
import { type BrokerClient, BrokerError, type ExecuteResult } from '@nac-broker/client'
import type { DeviceLogEntry } from '@nac-broker/devices'
import { type Clock, systemClock } from '@nac-broker/supervisor'
import { executions } from './lab.fixture.ts'
import { waitedForProcessorMs } from './processor-wait.fixture.ts'

export type Outcome =
  | { kind: 'acknowledged'; result: ExecuteResult }
  | { kind: 'failed'; error: unknown }
  | { kind: 'pending' }

interface CallEntry {
  readonly device: string
  readonly line: string
  readonly timeoutMs: number
  /** Asked for before, so that what the device saw need not be of this call. */
  readonly repeated: boolean
  tookMs: number
  /** For so long of it this process had no processor. */
  waitedMs: number
  /** Was still pending so long after its deadline. */
  late: boolean
  outcome: Outcome
}

/**
 * What a call may take beyond its deadline, in slices that this process was there for: where a machine
 * has no time to spare, a slice takes longer, and so does the call.
 */
const LATE_MS = 250
const SLICE_MS = 10
/** The same by the clock, but for what this process had no processor: nothing may block the event loop for long. */
const VERY_LATE_MS = 1_000

/** As many calls as need not be made for one that is acknowledged. */
const FAR_TOO_MANY = 50

export interface JournalledCall {
  device: string
  verb: 'show' | 'write'
  timeoutMs: number
  /** Names one change: it has the same line whenever it is asked for. */
  key?: string
}

/** What clients asked for and what they were told, to be judged by the devices' own account. */
export class CallJournal {
  readonly #entries: CallEntry[] = []
  readonly #onSettled = new Set<() => void>()
  readonly #clock: Clock
  /** What every line has of its own, in the order of the calls. */
  readonly #prefix: string

  constructor(prefix: string, clock: Clock = systemClock) {
    this.#prefix = prefix
    this.#clock = clock
  }

  /** Never rejects: how the call ended is in the journal. But for its key, its line is like no other. */
  async call(
    client: BrokerClient,
    { device, timeoutMs, verb, key }: JournalledCall,
  ): Promise<Outcome> {
    const line = `${verb} nonce ${this.#prefix}-${key ?? this.#entries.length + 1}.`
    const repeated = this.#entries.some((earlier) => earlier.line === line)
    const outcome = { kind: 'pending' } as const
    const what = { device, line, timeoutMs, repeated }
    const entry: CallEntry = { ...what, tookMs: 0, waitedMs: 0, late: false, outcome }
    this.#entries.push(entry)
    const startedMs = this.#clock.now()
    const waitedMs = waitedForProcessorMs()
    const settled = new AbortController()
    void this.#watch(entry, settled.signal)
    try {
      const result = await client.execute(device, line, { timeoutMs, ...(key && { key }) })
      entry.outcome = { kind: 'acknowledged', result }
    } catch (error) {
      entry.outcome = { kind: 'failed', error }
    }
    settled.abort()
    entry.tookMs = this.#clock.now() - startedMs
    entry.waitedMs = waitedForProcessorMs() - waitedMs
    for (const tell of this.#onSettled) tell()
    return entry.outcome
  }

  async #watch(entry: CallEntry, settled: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(entry.timeoutMs, settled)
      for (let ms = 0; ms < LATE_MS; ms += SLICE_MS) await this.#clock.sleep(SLICE_MS, settled)
      entry.late = true
    } catch {
      // It has settled in time.
    }
  }

  /** Called when a call has settled, from now on. */
  onSettled(tell: () => void): void {
    this.#onSettled.add(tell)
  }

  /**
   * Waits until so many more calls have been acknowledged, or far too many have settled otherwise. Resolves
   * with how many were.
   */
  async acknowledges(more: number): Promise<number> {
    const before = this.acknowledged
    const { promise, resolve } = Promise.withResolvers<void>()
    let settled = 0
    const tell = (): void => {
      if (this.acknowledged >= before + more || ++settled > more * FAR_TOO_MANY) resolve()
    }
    this.onSettled(tell)
    await promise
    this.#onSettled.delete(tell)
    return this.acknowledged - before
  }

  get acknowledged(): number {
    return this.#entries.filter(({ outcome }) => outcome.kind === 'acknowledged').length
  }

  get calls(): number {
    return this.#entries.length
  }

  /** Of calls that settled after their deadline: how long after it, in milliseconds. */
  get latenessMs(): number[] {
    const all = this.#entries.map(({ tookMs, timeoutMs }) => tookMs - timeoutMs)
    return all.filter((ms) => ms > 0)
  }

  /** What must not be, in words; empty when all is well. */
  violations(log: readonly DeviceLogEntry[]): string[] {
    return this.#entries.flatMap((entry) =>
      Array.from(violationsOf(entry, log), (what) => `"${entry.line}" on ${entry.device} ${what}`),
    )
  }
}

function* violationsOf(
  { line, timeoutMs, repeated, tookMs, waitedMs, late, outcome }: CallEntry,
  log: readonly DeviceLogEntry[],
): Generator<string> {
  const times = executions(log, line)
  if (line.startsWith('write') && times > 1) yield `reached it ${times} times`
  if (late || tookMs - waitedMs > timeoutMs + VERY_LATE_MS) {
    yield `had ${timeoutMs} ms and settled after ${Math.round(tookMs)} ms, ${told(outcome)}`
  }
  switch (outcome.kind) {
    case 'pending':
      yield 'never settled'
      return
    case 'acknowledged': {
      const { output } = outcome.result
      if (!output.startsWith(line.replace(/^\w+ nonce /, ''))) yield `was answered "${output}"`
      if (!wasSent(log, line, output)) yield `was answered "${output}", which it did not send`
      return
    }
    case 'failed': {
      const { error } = outcome
      if (!(error instanceof BrokerError)) yield `failed of ${String(error)}`
      else if (error.code === 'INTERNAL') yield `failed of what nobody foresaw: ${told(outcome)}`
      else if (error.sent === 'no' && times > 0 && !repeated)
        yield `reached it, but ${told(outcome)}`
    }
  }
}

function wasSent(log: readonly DeviceLogEntry[], line: string, output: string): boolean {
  const sha256 = createHash('sha256').update(output).digest('hex')
  return log.some(
    (entry) => entry.event === 'output' && entry.line === line && entry.sha256 === sha256,
  )
}

function told(outcome: Outcome): string {
  if (outcome.kind !== 'failed') return outcome.kind
  const { error } = outcome
  return error instanceof BrokerError
    ? `${error.code} (sent: ${error.sent}): ${error.message}`
    : String(error)
}
