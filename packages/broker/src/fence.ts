import { processIsGone, type RunStore } from '@nac-broker/run-store'

/** Ends what the generation's own end has left running, and then takes its rights away. */
export async function fence(store: RunStore, generation: number): Promise<void> {
  for (const { owner, child } of await store.ledger.leases()) {
    if (owner.generation !== generation || !child || processIsGone(child)) continue
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It ended just now.
    }
  }
  await store.generations.end(generation)
}
