import path from 'node:path'
import type { SupervisedBroker } from '@nac-broker/broker'
import type { Guard } from './guard.ts'

/**
 * Has the process of each of the broker's generations watched until the broker is closed. Resolves
 * when that of the present one is, with its pid; undefined where there is none at the moment.
 * @param givenSocketPath where the broker was told to listen; absent, its socket has a directory of its own
 */
export async function guardBroker(
  guard: Guard,
  broker: SupervisedBroker,
  givenSocketPath: string | undefined,
): Promise<number | undefined> {
  if (givenSocketPath === undefined) guard.cleanUp(path.dirname(broker.socketPath))
  // Asked for first: whatever happens while the status is on its way is told after it.
  const events = broker.events()
  // Without a status there is no generation, and the next one will be told.
  const pid = (await broker.status().catch(() => undefined))?.pid
  if (pid !== undefined) guard.watch(pid)
  void follow(guard, events, pid)
  return pid
}

/**
 * For the broker's `onChildProcess`: has whatever runs for its `command:` devices watched. They lead groups of
 * their own, may be deaf to every signal but SIGKILL, and outlive a broker in a thread of ours.
 */
export function guardDevices(guard: Guard): (pid: number) => void {
  const watched = new Set<number>()
  return (pid) => {
    for (const one of watched) {
      if (hasMembers(one)) continue
      guard.forget(one)
      watched.delete(one)
    }
    watched.add(pid)
    guard.watch(pid)
  }
}

function hasMembers(group: number): boolean {
  try {
    return process.kill(-group, 0)
  } catch {
    return false
  }
}

async function follow(
  guard: Guard,
  events: ReturnType<SupervisedBroker['events']>,
  first: number | undefined,
): Promise<void> {
  let pid = first
  for await (const event of events) {
    if (event.event !== 'listening') continue
    if (pid !== undefined) guard.forget(pid)
    ;({ pid } = event)
    guard.watch(pid)
  }
  if (pid !== undefined) guard.forget(pid)
}
