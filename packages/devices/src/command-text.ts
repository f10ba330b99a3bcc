import { BrokerError } from '@nac-broker/protocol'

// C0 controls and DEL. A line break would be a second command; the others drive a terminal.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/

/**
 * Refuses text that would be more than one line of typing.
 * @throws {BrokerError} `INVALID_COMMAND`
 */
export function assertOneLine(text: string, device: string): void {
  const found = CONTROL.exec(text)
  if (found === null) return
  const code = `U+${found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
  throw new BrokerError(
    'INVALID_COMMAND',
    `command for "${device}" has the control character ${code} at position ${found.index}; ` +
      'send one command a call, and several configuration lines as the lines of configure',
    { device },
  )
}
