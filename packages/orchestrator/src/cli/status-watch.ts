import type { BrokerClient, ClientEvent } from '@nac-broker/client'
import type { StatusResult } from '@nac-broker/protocol'
import { systemClock } from '@nac-broker/supervisor'
import cliTruncate from 'cli-truncate'
import { eventWords } from '../event-words.ts'
import { LiveLines, type Size } from './live-lines.ts'
import { canBeLive, printError, printJson, printLine } from './output.ts'
import { statusText } from './status-text.ts'

/** Queues and times change without an event. */
const LOOK_EVERY_MS = 1_000
/** After an event; they come many at once. */
const LOOK_AFTER_MS = 100
const TIMEOUT_MS = 5_000

/**
 * What the broker knows, as it changes, until the signal is aborted or the broker has gone for good: on a
 * terminal in its place, elsewhere first as a whole and then a line for each event.
 */
export async function watchStatus(
  client: BrokerClient,
  { json = false, signal }: { json?: boolean | undefined; signal: AbortSignal },
): Promise<void> {
  const over = new AbortController()
  const end = AbortSignal.any([signal, over.signal])
  let status = await client.status({ timeoutMs: TIMEOUT_MS, signal })
  let standing: string | undefined
  using live =
    !json && canBeLive() ? new LiveLines((size) => frame(status, standing, size)) : undefined
  if (json) printJson(status)
  else if (!live) printLine(statusText(status))
  const news = { isThere: false }
  const looking =
    live && lookAgain(client, { signal: end, news, onStatus: (seen) => (status = seen) })
  try {
    for await (const event of client.events({ signal })) {
      standing = standingAfter(event, standing)
      news.isThere = true
      if (json) printJson(event)
      else if (!live) printLine(eventLine(event))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  over.abort()
  await looking
  live?.[Symbol.dispose]()
  // In the place of what stood there last.
  if (live && !signal.aborted && standing !== undefined) printError(standing)
}

interface Looking {
  signal: AbortSignal
  /** Whether something has happened since the last look. */
  news: { isThere: boolean }
  onStatus: (status: StatusResult) => void
}

/** While there is no broker what was seen last stands. */
async function lookAgain(client: BrokerClient, { signal, news, onStatus }: Looking): Promise<void> {
  let lookedMs = systemClock.now()
  while (!signal.aborted) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    await systemClock.sleep(LOOK_AFTER_MS, signal).catch(() => {})
    const isDue = news.isThere || systemClock.now() - lookedMs >= LOOK_EVERY_MS
    if (!isDue || client.state !== 'ready') continue
    news.isThere = false
    lookedMs = systemClock.now()
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    await client.status({ timeoutMs: TIMEOUT_MS, signal }).then(onStatus, () => {})
  }
}

/** What is to be said of the broker itself; undefined while all is well. */
function standingAfter(event: ClientEvent, before: string | undefined): string | undefined {
  switch (event.event) {
    case 'ready':
      return undefined
    case 'suspect':
      return `the broker has said nothing for ${(event.silentMs / 1000).toFixed(1)} s`
    case 'lost':
      return `the broker is gone (${event.message}); waiting for the next one`
    case 'aborted':
    case 'closed':
      return `the broker is gone: ${event.message}`
    default:
      return before
  }
}

function frame(
  status: StatusResult,
  standing: string | undefined,
  { columns, rows }: Size,
): string[] {
  const head = standing === undefined ? [] : [standing, '']
  const lines = [...head, ...statusText(status).split('\n')]
  const room = Math.max(1, rows - 1)
  const shown = lines.length > room ? lines.slice(0, room - 1) : lines
  const more = lines.length - shown.length
  const foot = more > 0 ? [`... ${more} more`] : []
  return [...shown, ...foot].map((line) => cliTruncate(line, columns))
}

/** "16:20:01 session-opened device=sim-1 openMs=12.3" */
function eventLine({ event, ...fields }: ClientEvent): string {
  const at = systemClock.wallTime().toTimeString().slice(0, 8)
  return [at, event, eventWords(fields)].join(' ')
}
