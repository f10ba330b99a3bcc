import type { Clock } from '@nac-broker/supervisor'

const TICK_MS = 20

/** Tells for how long, since it was started, this process was kept from running: stopped, or without its turn. */
export function startLagMeter(clock: Clock): () => number {
  let laggedMs = 0
  let dueMs = clock.now() + TICK_MS
  const overdueMs = (): number => Math.max(0, clock.now() - dueMs)
  const tick = (): void => {
    laggedMs += overdueMs()
    dueMs = clock.now() + TICK_MS
    clock.startTimer(TICK_MS, tick)
  }
  clock.startTimer(TICK_MS, tick)
  return () => laggedMs + overdueMs()
}
