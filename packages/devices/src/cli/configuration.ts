import { BrokerError } from '@nac-broker/protocol'
import type { Cli } from './cli.ts'
import { refusalIn } from './refusal.ts'
import { verbOf, withoutArguments } from './without-arguments.ts'

/**
 * Enters configuration mode, types the lines, and leaves it, whatever happened. Returns what the device
 * printed in answer to the lines.
 * @throws {BrokerError} `COMMAND_REJECTED`, `INVALID_REQUEST` where there is no configuration mode,
 * and why the dialogue is over
 */
export async function configure(cli: Cli, lines: readonly string[]): Promise<Buffer> {
  const { name: device, platform } = cli.device
  if (!platform.configure) {
    const message = `${device}: a device with os ${platform.os[0]} has no configuration mode; use execute`
    throw new BrokerError('INVALID_REQUEST', message, { device })
  }
  try {
    for (const command of platform.configure.enter) {
      // oxlint-disable-next-line no-await-in-loop -- one line at a time
      const output = await cli.type(command)
      const words = refusalIn(output, platform.errorPatterns)
      if (words !== undefined) {
        throw rejected(device, `refused to enter configuration mode: ${cli.quote(words, 200)}`)
      }
    }
    return await typeLines(cli, lines)
  } finally {
    await leaveConfiguration(cli)
  }
}

/** Does nothing outside configuration mode. */
export async function leaveConfiguration(cli: Cli): Promise<void> {
  for (const command of cli.device.platform.configure?.leave ?? []) {
    if (cli.level !== 'configure') return
    // oxlint-disable-next-line no-await-in-loop -- one line at a time
    await cli.configure(command)
  }
}

async function typeLines(cli: Cli, lines: readonly string[]): Promise<Buffer> {
  const { name: device, platform } = cli.device
  const printed: Buffer[] = []
  for (const [index, line] of lines.entries()) {
    const which = `line ${index + 1} of ${lines.length}`
    // What the device would now execute was written to be configured.
    if (cli.level !== 'configure') throw rejected(device, `left configuration mode before ${which}`)
    // oxlint-disable-next-line no-await-in-loop -- one line at a time
    const output = await cli.configure(line)
    const words = refusalIn(output, platform.errorPatterns)
    if (words !== undefined) {
      const verb = verbOf(line)
      const begins = verb === undefined ? '' : ` ("${cli.secrets.scrub(verb)} ...")`
      const shown = cli.quote(withoutArguments(words, line), 200)
      throw rejected(device, `refused ${which}${begins}: ${shown}`)
    }
    if (output.length > 0) printed.push(output, Buffer.from('\n'))
  }
  return Buffer.concat(printed.slice(0, -1))
}

function rejected(device: string, what: string): BrokerError {
  return new BrokerError('COMMAND_REJECTED', `${device}: the device ${what}`, {
    device,
    sent: 'yes',
  })
}
