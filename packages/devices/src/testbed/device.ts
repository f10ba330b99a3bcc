import type { BrokerError } from '@nac-broker/protocol'
import { findPlatform, SUPPORTED_OS } from '../platforms/index.ts'
import { readConnection } from './connection.ts'
import { readCredentials } from './credentials.ts'
import type { TestbedNode } from './document.ts'
import { invalid } from './place.ts'
import { entry, osSchema, read } from './schema.ts'
import type { Credential, Device } from './testbed.ts'

/**
 * One device of the testbed; an error instead when nothing is wrong with it except that we cannot
 * drive its `os` or protocol.
 * @throws {BrokerError} `TESTBED_INVALID` for everything else.
 */
export function readDevice(
  name: string,
  node: TestbedNode,
  inherited: Readonly<Record<string, Credential>>,
): Device | BrokerError {
  const subject = { words: `device "${name}"`, device: name }
  const { os } = read(osSchema, node, subject)
  const platform = findPlatform(os)
  if (!platform) {
    const what = `${subject.words} has os "${os}", which is not supported (${SUPPORTED_OS.join(', ')})`
    return invalid(entry(node, 'os')?.place ?? node.place, what, name)
  }
  const reading = readConnection(node, entry(node, 'connections'), subject)
  if (reading.kind === 'unusable') return reading.error
  return {
    name,
    platform,
    connection: reading.connection,
    credentials: {
      ...inherited,
      ...readCredentials(node, subject),
      ...readCredentials(reading.node, subject),
    },
    initConfigCommands: reading.initConfigCommands,
  }
}
