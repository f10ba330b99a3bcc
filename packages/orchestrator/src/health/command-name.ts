import type { CommandEvent } from '@nac-broker/protocol'

/** What was asked of the device, in a few words. */
export function commandName({ what, command, lines = 0 }: CommandEvent): string {
  return command ?? (what === 'configure' ? `${lines} configuration lines` : what)
}
