import { basename } from 'node:path'
import { BrokerError, lookalikes } from '@nac-broker/protocol'
import { readCredentials } from './credentials.ts'
import { readDevice } from './device.ts'
import type { TestbedNode } from './document.ts'
import { missingMapping } from './hint.ts'
import { expandMarkup } from './markup.ts'
import { invalid } from './place.ts'
import { documentSchema, entry, read } from './schema.ts'
import { assemble, readText } from './sources.ts'
import type { Device, Testbed } from './testbed.ts'

/** Of the names that an unknown one looks like. */
const MOST_SUGGESTIONS = 3

export interface LoadTestbedOptions {
  /** Where `%ENV{}` outside credentials looks. Default `process.env`. */
  env?: NodeJS.ProcessEnv
}

/**
 * Reads a pyATS testbed file.
 * @throws {BrokerError} `TESTBED_INVALID` with file and line.
 */
export async function loadTestbed(path: string, options?: LoadTestbedOptions): Promise<Testbed> {
  return parseTestbed(await readText(path), path, options)
}

/**
 * As `loadTestbed`, from text that stands in the file at `path`, beside which the files it names are
 * looked for.
 */
export async function parseTestbed(
  text: string,
  path: string,
  { env = process.env }: LoadTestbedOptions = {},
): Promise<Testbed> {
  const root = expandMarkup(await assemble(text, path), env)
  if (root.kind === 'nothing') {
    throw invalid(root.place, 'the file is empty; a testbed has a "devices" section')
  }
  const { testbed } = read(documentSchema, root, { words: 'the testbed' })
  const inherited = readCredentials(entry(root, 'testbed'), { words: 'the testbed' })
  const devices = new Map(
    deviceNodes(root).map(([name, node]) => [name, readDevice(name, node, inherited)]),
  )
  return {
    name: testbed?.name ?? basename(path).replace(/^CONFIG\.|\.ya?ml$/g, ''),
    path,
    deviceNames: [...devices.keys()],
    device: (name) => find(devices, name, path),
    problems: [...devices.values()].filter((device) => device instanceof BrokerError),
  }
}

function deviceNodes(root: TestbedNode): readonly [string, TestbedNode][] {
  const section = entry(root, 'devices')
  if (section?.kind === 'map' && section.entries.size > 0) return [...section.entries]
  const hint = missingMapping(root, 'devices')
  const todo = hint?.words ?? '; add them to a "devices" section'
  const place = hint?.place ?? section?.place ?? root.place
  throw invalid(place, `the testbed has no devices${todo}`)
}

function find(devices: Map<string, Device | BrokerError>, name: string, path: string): Device {
  const device = devices.get(name)
  if (device instanceof BrokerError) throw device
  if (device) return device
  const meant = lookalikes(name, [...devices.keys()]).slice(0, MOST_SUGGESTIONS)
  const hint = meant.length === 0 ? '' : `; did you mean ${meant.join(' or ')}?`
  const message = `device "${name}" is not in ${path}${hint}`
  throw new BrokerError('UNKNOWN_DEVICE', message, { device: name })
}
