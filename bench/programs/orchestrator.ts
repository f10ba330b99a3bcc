/**
 * An orchestrator: begins its run at once, and sends what became of it and what it took of this process.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { run, type RunConfig, type RunReport } from '@nac-broker/orchestrator'
import { readyUntilTold } from './lifetime.ts'

export interface Orchestrated {
  report: RunReport
  /** The most memory that the process ever had, its broker's thread included. */
  peakMiB: number
  /** Between two looks of a timer of 10 ms, which are part of it. */
  loopDelayMs: { p99: number; max: number }
  /** Of the workers' lines, where they were listened to. */
  characters: number
}

const [config = '', listening] = process.argv.slice(2)
await readyUntilTold()

let characters = 0
const onLine =
  listening === 'listening'
    ? (_: string, line: string): void => void (characters += line.length)
    : undefined
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
const report = await run(JSON.parse(config) as RunConfig, { onLine })
delay.disable()
const answer: Orchestrated = {
  report,
  peakMiB: process.resourceUsage().maxRSS / 1024,
  loopDelayMs: { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 },
  characters,
}
process.send?.(answer)
process.disconnect?.()
