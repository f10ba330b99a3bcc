import { BrokerError } from '@nac-broker/protocol'
import type { Device } from './testbed/testbed.ts'

// C0 controls and DEL. A line break would be a second command; the others drive a terminal.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/

/**
 * Refuses text that would not be one line of typing.
 * @throws {BrokerError} `INVALID_COMMAND`
 */
export function assertOneLine(text: string, { name: device, platform }: Device): void {
  const control = CONTROL.exec(text)
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
    throw new BrokerError(
      'INVALID_COMMAND',
      `command for "${device}" has the control character U+${code} at position ${control.index}; ` +
        'send one command a call, and several configuration lines as the lines of configure',
      { device },
    )
  }
  const { helpKey } = platform
  if (helpKey === undefined || !text.includes(helpKey)) return
  throw new BrokerError(
    'INVALID_COMMAND',
    `command for "${device}" has a "${helpKey}", which opens the device's help as it is typed and ` +
      'leaves the line unfinished; take it out',
    { device },
  )
}
