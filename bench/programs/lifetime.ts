import { once } from 'node:events'

/** Tells whoever started this program that it is ready, and waits until that one is done with it. */
export async function readyUntilCutOff(): Promise<void> {
  const cutOff = once(process, 'disconnect')
  process.send?.('ready')
  await cutOff
}

/** Tells that it is ready, and waits for the word to begin. Cut off, the program ends. */
export async function readyUntilTold(): Promise<void> {
  process.once('disconnect', () => process.exit())
  const told = once(process, 'message')
  process.send?.('ready')
  await told
}
