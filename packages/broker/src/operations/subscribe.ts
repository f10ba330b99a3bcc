import type { Handler } from './handler.ts'

export const subscribe: Handler<'subscribe'> = async ({ peer }) => {
  peer.subscribe()
  return { subscribed: true }
}
