import type { Evidence } from './evidence.ts'

/** Whether who comes when all is over finds the socket: what took it away has been followed by another broker. */
export function isSocketThere({ injected, turns }: Pick<Evidence, 'injected' | 'turns'>): boolean {
  const taken = injected.filter(({ name }) => name.startsWith('socket-'))
  if (taken.length === 0) return true
  const lastMs = Math.max(...taken.map(({ toMs = Infinity }) => toMs))
  const lostAt = turns.findIndex(
    ({ atMs, event }) => event.event === 'broker-lost' && atMs > lastMs,
  )
  return lostAt >= 0 && turns.slice(lostAt).some(({ event }) => event.event === 'listening')
}
