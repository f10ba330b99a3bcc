import { appendFileSync, existsSync } from 'node:fs'
import { Batch, type Clock } from '@nac-broker/supervisor'
import { eventWords } from './event-words.ts'
import type { HealthEvent } from './health/health-recorder.ts'
import type { Pause } from './journal-lines.ts'

/** How long a line waits for others before it is written, and how many are written together at most. */
const LINES = { waitMs: 100, maxItems: 500 }

const LOST = 'the run was killed, and the sessions it had open ended with it'

export interface DeviceLogsOptions {
  /** Of others than these nothing is written: a client may ask for any name. */
  devices: readonly string[]
  fileOf: (device: string) => string
  clock: Clock
}

/**
 * Writes for each device what happened with it, a line for each event: its sessions, its logins, each
 * command, how it fares. Nothing is kept but the lines of the last 0.1 s.
 */
export class DeviceLogs {
  /** How many sessions each one has. */
  readonly #sessions: Map<string, number>
  readonly #fileOf: (device: string) => string
  readonly #lines: Batch<{ device: string; line: string }>

  constructor({ devices, fileOf, clock }: DeviceLogsOptions) {
    this.#sessions = new Map(devices.map((name) => [name, 0]))
    this.#fileOf = fileOf
    this.#lines = new Batch(
      (lines) => {
        for (const [device, written] of Map.groupBy(lines, (one) => one.device)) {
          append(fileOf(device), written.map(({ line }) => line).join(''))
        }
      },
      { ...LINES, clock },
    )
  }

  /** The run goes on after this pause. Where it was cut off, nobody lived to write what ended then. */
  resumed({ from, to, isCutOff }: Pause & { isCutOff: boolean }): void {
    for (const device of this.#sessions.keys()) {
      if (!existsSync(this.#fileOf(device))) continue
      const lost = { event: 'orchestrator-lost', device, message: LOST }
      if (isCutOff) this.#write(lost, Date.parse(from))
      this.#write({ event: 'run-resumed', device }, Date.parse(to))
    }
  }

  /** `atMs` is the calendar's time. */
  record(event: HealthEvent, atMs: number): void {
    switch (event.event) {
      case 'session-opened':
        this.#count(event.device, 1)
        return this.#write(event, atMs)
      case 'session-closed':
        this.#count(event.device, -1)
        return this.#write(event, atMs)
      case 'login-failed':
      case 'command':
        return this.#write(event, atMs)
      case 'unit': {
        const { kind, unit, ...change } = event
        if (kind !== 'device') return
        return this.#write({ ...change, device: unit.slice('device '.length) }, atMs)
      }
      case 'broker-lost':
        return this.#brokerLost(event.message, atMs)
      case 'missed':
        for (const device of this.#sessions.keys()) this.#write({ ...event, device }, atMs)
        return
      case 'client-joined':
      case 'client-left':
      case 'client-direct':
      case 'waiting':
      case 'checkpoint':
      case 'policy-decision':
      case 'draining':
      case 'listening':
      case 'restarting':
      case 'fallback':
      case 'aborted':
    }
  }

  /** Writes what has not been written yet. */
  flush(): void {
    this.#lines.flush()
  }

  /** Its sessions end with it, and nobody is left to say so. */
  #brokerLost(message: string, atMs: number): void {
    for (const [device, count] of this.#sessions) {
      this.#sessions.set(device, 0)
      for (let left = count; left > 0; left--) {
        const ended = { event: 'session-closed', device, by: 'broker-lost', message }
        this.#write(ended, atMs)
      }
    }
  }

  #count(device: string, change: 1 | -1): void {
    const count = this.#sessions.get(device)
    if (count !== undefined) this.#sessions.set(device, Math.max(0, count + change))
  }

  #write({ device, event, ...fields }: { device: string; event: string }, atMs: number): void {
    if (!this.#sessions.has(device)) return
    const words = [new Date(atMs).toISOString(), event, eventWords(fields)]
    const line = `${words.filter(Boolean).join(' ')}\n`
    this.#lines.add({ device, line })
  }
}

/** A full disk costs us the log, not the run. */
function append(file: string, text: string): void {
  try {
    appendFileSync(file, text)
  } catch {
    // There is nowhere to say so.
  }
}
