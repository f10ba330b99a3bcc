/**
 * The guard's process. Its stdin is the lifeline: only the orchestrator holds the other end, so its
 * end is the orchestrator's, however that came about.
 */
import { rmSync } from 'node:fs'
import { killGroups } from './guard-kill.ts'
import type { GuardedGroup, GuardMessage } from './guard-messages.ts'
import { LineSplitter } from './line-splitter.ts'

// Whoever asks everybody to end gets that from the orchestrator; this process then ends by itself.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
// Nobody may be there any more to hear that we are ready.
process.stdout.on('error', () => {})

const groups = new Map<number, GuardedGroup>()
const marks = new Set<string>()
const directories: string[] = []
let orphaned = true

function take(message: GuardMessage): void {
  switch (message.type) {
    case 'watch':
      groups.set(message.group.pid, message.group)
      break
    case 'forget':
      groups.delete(message.pid)
      break
    case 'mark':
      marks.add(message.variable)
      break
    case 'clean-up':
      directories.push(message.directory)
      break
    case 'goodbye':
      orphaned = false
  }
}

// A line that was cut off by the end is never passed on.
const lines = new LineSplitter((line) => take(JSON.parse(line) as GuardMessage))
process.stdout.write('ready\n')
try {
  for await (const chunk of process.stdin) lines.push(chunk as Buffer)
} catch {
  // An end in disorder is an end as well.
}
if (orphaned) {
  killGroups(groups.values(), marks)
  // Who was killed just now may still be writing there.
  for (const directory of directories) {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}
