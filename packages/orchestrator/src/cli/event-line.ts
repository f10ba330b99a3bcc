import type { ClientEvent } from '@nac-broker/client'
import { eventWords } from '../event-words.ts'

/** "16:20:01 session-opened device=sim-1 openMs=12.3" */
export function eventLine({ event, ...fields }: ClientEvent, at: Date): string {
  return [at.toTimeString().slice(0, 8), event, eventWords(fields)].join(' ')
}
