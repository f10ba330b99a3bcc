import { access } from 'node:fs/promises'
import { BrokerError } from '@nac-broker/protocol'
import { fileTrouble } from '../file-trouble.ts'
import type { Config } from '../config/config.ts'
import { TEXT } from '../config/setting.ts'
import { flag } from './subcommand.ts'

export const testbedFlag = flag('--testbed <file>', 'a pyATS testbed', TEXT, 'NAC_TEST_TESTBED')

/**
 * The testbed file: the flag's, else the one of the environment or the config.
 * @throws {BrokerError} `CONFIG_INVALID` where neither names one that can be read.
 */
export async function testbedOf(
  flags: { testbed?: string },
  config: Pick<Config, 'testbed' | 'testbedPlace'>,
): Promise<string> {
  const file = flags.testbed ?? config.testbed
  if (file === undefined) {
    throw usage(
      'no testbed: give --testbed FILE, or set NAC_TEST_TESTBED, or testbed in the config',
    )
  }
  try {
    await access(file)
  } catch (error) {
    const from = flags.testbed === undefined ? `${config.testbedPlace}: testbed` : '--testbed'
    throw usage(`${from}: ${file}: ${fileTrouble(error)}`)
  }
  return file
}

function usage(what: string): BrokerError {
  return new BrokerError('CONFIG_INVALID', what)
}
