import type { BrokerClient } from '@nac-broker/client'
import type { StatusResult } from '@nac-broker/protocol'
import { systemClock } from '@nac-broker/supervisor'
import { eventLine } from './event-line.ts'
import { LiveLines } from './live-lines.ts'
import { canBeLive, printError, printJson, printLine } from './output.ts'
import { statusFrame } from './status-frame.ts'
import { statusText } from './status-text.ts'
import { StatusView } from './status-view.ts'

/** Queues and times change without an event. */
const LOOK_EVERY_MS = 1_000
/** After an event; they come many at once. */
const LOOK_AFTER_MS = 100
const TIMEOUT_MS = 5_000

/**
 * What the broker knows, as it changes, until the signal is aborted or the broker has gone for good: on a
 * terminal in its place, elsewhere first as a whole and then a line for each event.
 * @throws {BrokerError} `BROKER_LOST` where it was lost and no other came; one that was shut down is just the end
 */
export async function watchStatus(
  client: BrokerClient,
  { json = false, signal }: { json?: boolean | undefined; signal: AbortSignal },
): Promise<void> {
  const over = new AbortController()
  const end = AbortSignal.any([signal, over.signal])
  const status = await client.status({ timeoutMs: TIMEOUT_MS, signal })
  const view = new StatusView(status)
  using live =
    !json && canBeLive()
      ? new LiveLines((size) => statusFrame(view, { ...size, colours: process.stderr.hasColors() }))
      : undefined
  if (json) printJson(status)
  else if (!live) printLine(statusText(status))
  const news = { isThere: false }
  const looking =
    live && lookAgain(client, { signal: end, news, onStatus: (seen) => (view.status = seen) })
  try {
    for await (const event of client.events({ signal })) {
      const at = systemClock.wallTime()
      view.take(event, at)
      news.isThere = true
      if (json) printJson(event)
      else if (!live) printLine(eventLine(event, at))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  over.abort()
  await looking
  live?.[Symbol.dispose]()
  if (client.lost.aborted) throw client.lost.reason
  // In the place of what stood there last.
  if (live && !signal.aborted && view.standing !== undefined) printError(view.standing)
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
