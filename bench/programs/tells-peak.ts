/**
 * To be imported before a program: at its exit it writes into the file PEAK_FILE how much memory it had at most, its
 * threads included, in MiB.
 */
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const { PEAK_FILE: file } = process.env

// Its threads import this too.
if (isMainThread && file !== undefined)
  process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS / 1024)))
