import { BrokerError } from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import type { Change } from './change.ts'
import type { Outcomes } from './outcomes.ts'

/** Sends the change; `mayBeKept` says of its output whether others may be given it, and read it. */
interface Sending {
  send: () => Promise<Buffer>
  mayBeKept: (output: Buffer) => boolean
}

/**
 * Sends a change that was marked as sent, or claimed, and records what became of it. Without a clear
 * answer of the device nothing is recorded: the mark stands, and nobody sends the change again. Where it
 * certainly never left, its key is free again.
 * @throws what `send` throws
 */
export async function carryOut(
  outcomes: Outcomes,
  change: Change,
  { send, mayBeKept }: Sending,
): Promise<Buffer> {
  let content: Buffer
  try {
    failpoint('store.change.to-be-sent')
    content = await send()
  } catch (error) {
    // Only a device that has answered has not carried it out.
    if (error instanceof BrokerError && error.code === 'COMMAND_REJECTED') {
      await outcomes.markFailed(change, error.toJSON()).catch(() => {})
    }
    if (neverLeft(error)) await outcomes.release(change).catch(() => {})
    throw error
  }
  failpoint('store.change.answered')
  // The device has answered, and that counts; a record that cannot be written is missed later.
  const result = mayBeKept(content)
    ? ({ kept: true, content } as const)
    : ({ kept: false } as const)
  await outcomes.markDone(change, result).catch(() => {})
  failpoint('store.change.recorded')
  return content
}

/** The session was over, or the caller gone, before anything was written: of other errors `no` may just be unsaid. */
function neverLeft(error: unknown): boolean {
  if (!(error instanceof BrokerError) || error.sent !== 'no') return false
  return error.code === 'SESSION_LOST' || error.code === 'CANCELLED'
}
