import type { CommandEvent } from '@nac-broker/protocol'

/** Whether it failed by itself: who takes a call back, or dies, has no error of the network. */
export function isError(event: CommandEvent): event is CommandEvent & { code: string } {
  return event.code !== undefined && event.code !== 'CANCELLED'
}
