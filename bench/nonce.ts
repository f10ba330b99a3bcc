import type { BrokerClient, ExecuteResult } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'

/** @throws when that is not what a simulated device answers to `show nonce WORD`. */
export function requireNonce(answer: ExecuteResult, word: string): void {
  const { output } = answer
  if (output.startsWith(`${word} `) && /^\d+$/.test(output.slice(word.length + 1))) return
  throw new Error(`"show nonce ${word}" was answered with ${JSON.stringify(answer)}`)
}

/** When a client had `show nonce bench` from the cache of the run's second broker, on the clock. */
export async function answerAfterRestart(
  client: BrokerClient,
  device: string,
  known: string,
): Promise<{ atMs: number }> {
  for (;;) {
    const answer = await client.execute(device, 'show nonce bench')
    const atMs = systemClock.now()
    if (!answer.cached || answer.output !== known) throw new Error(JSON.stringify(answer))
    // The one that was killed may have had an answer under way.
    if (answer.generation === 2) return { atMs }
  }
}
