import type { Scrub } from '@nac-broker/devices'
import { type CommandEvent, commandForEvent, failureForEvent } from '@nac-broker/protocol'
import type { Clock, Timer } from '@nac-broker/supervisor'
import type { BrokerFeed } from './broker-feed.ts'
import type { Call } from './call.ts'

/** A worker that has waited for so long is named, and again after each such time. */
const WAITING_MS = 1_000

/** What a call asks for. */
export type Asked = Pick<CommandEvent, 'device' | 'what' | 'command' | 'lines'>

/** Tells what became of each call for a device, and who waits for one. */
export class CommandEvents {
  readonly #feed: BrokerFeed
  readonly #clock: Clock
  readonly #scrub: Scrub
  /** Calls under way, with when they began. */
  readonly #underWay = new Map<Call, number>()
  #timer: Timer | undefined

  constructor(feed: BrokerFeed, clock: Clock, scrub: Scrub) {
    this.#feed = feed
    this.#clock = clock
    this.#scrub = scrub
  }

  /** Does it, and tells how it ended to whoever listens. */
  tell<Value>(call: Call, asked: Asked, act: () => Promise<Value>): Promise<Value> {
    if (this.#feed.all.listened) return this.#tell(call, asked, act)
    this.#feed.passOver()
    return act()
  }

  async #tell<Value>(call: Call, asked: Asked, act: () => Promise<Value>): Promise<Value> {
    const startedMs = this.#clock.now()
    this.#underWay.set(call, startedMs)
    this.#timer ??= this.#clock.startTimer(WAITING_MS, () => this.#tellWhoWaits())
    try {
      const value = await act()
      this.#emit(call, asked, startedMs)
      return value
    } catch (error) {
      const failure = failureForEvent(error, (text) => this.#scrub(asked.device, text))
      this.#emit(call, asked, startedMs, failure)
      throw error
    }
  }

  end(): void {
    this.#timer?.cancel()
  }

  #emit(
    call: Call,
    { device, what, command, lines }: Asked,
    startedMs: number,
    failure?: Pick<CommandEvent, 'code' | 'message'>,
  ): void {
    this.#underWay.delete(call)
    const { client, worker } = call.caller
    const { from, attempts } = call
    const ms = this.#clock.now() - startedMs
    const event: CommandEvent = {
      event: 'command',
      device,
      client,
      via: 'broker',
      what,
      ms,
      from,
      attempts,
    }
    if (worker !== undefined) event.worker = worker
    if (command !== undefined) event.command = commandForEvent(this.#scrub(device, command))
    if (lines !== undefined) event.lines = lines
    Object.assign(event, failure)
    this.#feed.emit(event)
  }

  /** The timer is left to run out where calls come and go: starting one costs more than a cached answer. */
  #tellWhoWaits(): void {
    const sinceMs = this.#clock.now() - WAITING_MS
    const waiting = new Set<string>()
    for (const [{ caller }, startedMs] of this.#underWay) {
      if (startedMs <= sinceMs && caller.worker !== undefined) waiting.add(caller.worker)
    }
    if (waiting.size > 0) this.#feed.emit({ event: 'waiting', workers: [...waiting] })
    const again = (): void => this.#tellWhoWaits()
    this.#timer = this.#underWay.size > 0 ? this.#clock.startTimer(WAITING_MS, again) : undefined
  }
}
