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

/** Tells that it is ready, and does what it is asked, one thing after the other, until it is cut off. */
export async function readyToBeAsked(
  answer: (message: unknown) => Promise<unknown>,
): Promise<void> {
  process.on('message', (message) => {
    void answer(message).then((said) => process.send?.(said))
  })
  await readyUntilCutOff()
}
