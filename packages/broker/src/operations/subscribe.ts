import type { Handler } from './handler.ts'

export const subscribe: Handler<'subscribe'> = async ({ peer }, { again = false }) => {
  peer.subscribe(again)
  return { subscribed: true }
}
