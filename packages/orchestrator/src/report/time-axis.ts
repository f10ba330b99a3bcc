import { duration } from './format.ts'

/** What a picture shows, in milliseconds of the calendar's time; never nothing. */
export interface TimeAxis {
  fromMs: number
  toMs: number
}

/** Where a moment is, in percent; what is outside is at the edge. */
export function place({ fromMs, toMs }: TimeAxis, atMs: number): number {
  const percent = (100 * (atMs - fromMs)) / (toMs - fromMs)
  return Math.round(Math.min(Math.max(percent, 0), 100) * 100) / 100
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const STEPS_MS = [
  ...[1, 10, 100].flatMap((ms) => [ms, 2 * ms, 5 * ms]),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 4, 6, 12, 24, 48, 96, 168].map((hours) => hours * HOUR),
]

const MOST_STEPS = 5

/** Round times from the beginning on, with their names: few enough for a telephone. */
export function ticks(axis: TimeAxis): { at: number; label: string }[] {
  const rangeMs = axis.toMs - axis.fromMs
  const stepMs = STEPS_MS.find((ms) => rangeMs / ms <= MOST_STEPS) ?? rangeMs
  return Array.from({ length: Math.floor(rangeMs / stepMs) + 1 }, (_, index) => ({
    at: place(axis, axis.fromMs + index * stepMs),
    label: index === 0 ? '0' : duration(index * stepMs),
  }))
}
