import { LRUCache } from 'lru-cache'
import type { Clock } from '@nac-broker/supervisor'

export interface OutputCacheOptions {
  ttlMs: number | 'off'
  maxBytes: number
  clock: Clock
}

interface Entry {
  device: string
  epoch: number
  output: Buffer
}

export interface CacheCount {
  entries: number
  /** Entries that would still be given out. */
  valid: number
}

/**
 * Outputs of read-only commands. An output belongs to an epoch of its device, which ends with anything
 * that may have changed the device: an entry from an earlier epoch is never given out.
 */
export class OutputCache {
  readonly #entries: LRUCache<string, Entry> | undefined
  readonly maxBytes: number

  constructor({ ttlMs, maxBytes, clock }: OutputCacheOptions) {
    this.maxBytes = maxBytes
    if (ttlMs === 'off') return
    this.#entries = new LRUCache<string, Entry>({
      ttl: ttlMs,
      // Asking for the time on each look-up is what an injected clock needs, and costs 60 ns.
      ttlResolution: 0,
      // Off by one because lru-cache takes a start at 0 for none at all.
      perf: { now: () => clock.now() + 1 },
      maxSize: maxBytes,
      // One giant output must not push everything else out.
      maxEntrySize: Math.ceil(maxBytes / 4),
      sizeCalculation: ({ output }, key) => output.length + key.length * 2 + 256,
    })
  }

  get(device: string, command: string, epoch: number): Buffer | undefined {
    const entry = this.#entries?.get(cacheKey(device, command))
    return entry?.epoch === epoch ? entry.output : undefined
  }

  set(device: string, command: string, epoch: number, output: Buffer): void {
    // A small Buffer is a slice of a shared slab, all of which it would keep in memory.
    const own = Buffer.allocUnsafeSlow(output.length)
    output.copy(own)
    this.#entries?.set(cacheKey(device, command), { device, epoch, output: own })
  }

  /** Of what would still be given out, were no epoch over; what is too old goes. */
  get size(): { entries: number; bytes: number } {
    this.#entries?.purgeStale()
    return { entries: this.#entries?.size ?? 0, bytes: this.#entries?.calculatedSize ?? 0 }
  }

  /** Entries by device; `epochOf` tells which epoch is the current one. */
  countByDevice(epochOf: (device: string) => number): Map<string, CacheCount> {
    const counts = new Map<string, CacheCount>()
    for (const [key, { device, epoch }] of this.#entries?.entries() ?? []) {
      const count = counts.get(device) ?? { entries: 0, valid: 0 }
      count.entries++
      const alive = (this.#entries?.getRemainingTTL(key) ?? 0) > 0
      if (alive && epoch === epochOf(device)) count.valid++
      counts.set(device, count)
    }
    return counts
  }
}

/** Neither a device's name nor a command can hold a line feed. */
function cacheKey(device: string, command: string): string {
  return `${device}\n${command}`
}
