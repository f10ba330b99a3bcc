import type { VirtualClock } from '@nac-broker/supervisor'
import type { World } from '../real/world.ts'

/** Something that goes wrong. One file of this folder each; CREATING_FAULTS.md says how to add one. */
export interface Fault<Args = unknown> {
  /** The name of its file. */
  readonly name: string
  /** Where the broker has to be for it to do anything; the whole schedule then has it there. */
  readonly host?: 'process'
  /** Its arguments, as JSON; the same draws give the same. */
  draw(random: VirtualClock): Args
  /** Makes it happen. What lasts ends by itself, and at the latest when `over` is aborted. */
  inject(world: World, args: Args, over: AbortSignal): Promise<void>
}

/** Keeps the type of the arguments where it belongs. */
export function fault<Args>(definition: Fault<Args>): Fault {
  return definition
}
