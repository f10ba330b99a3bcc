import { resolve } from 'node:path'
import type { BrokerError } from '@nac-broker/protocol'
import type { TestbedNode } from './document.ts'
import { misspelling, missingMapping } from './hint.ts'
import { invalid, pathFrom } from './place.ts'
import {
  connectionKindSchema,
  connectionSchema,
  defaultsSchema,
  entry,
  mappingSchema,
  read,
  type Subject,
} from './schema.ts'
import { parseSshOptions, type SshOptions } from './ssh-options.ts'
import type { CommandConnection, SshConnection } from './testbed.ts'

const SSH_PORT = 22

const CONNECTION_KEYS = Object.keys({ ...connectionSchema.shape, ...connectionKindSchema.shape })

export type ConnectionReading =
  | {
      kind: 'usable'
      connection: SshConnection | CommandConnection
      initConfigCommands: readonly string[]
      /** Where its own credentials stand. */
      node: TestbedNode
    }
  /** Nothing is wrong with it, but we do not speak its protocol. */
  | { kind: 'unusable'; error: BrokerError }

/**
 * The connection of a device that is used: what `defaults.via` names, else `cli`, else the first;
 * without a `via`, one that we can drive goes before one that we cannot.
 * @throws {BrokerError} `TESTBED_INVALID`
 */
export function readConnection(
  device: TestbedNode,
  connections: TestbedNode | undefined,
  subject: Subject,
): ConnectionReading {
  const { name, node } = choose(device, connections, subject)
  const obstacle = obstacleTo(name, node, subject)
  if (obstacle !== undefined) {
    const what = `${subject.words}: connection "${name}" has ${obstacle}, which is not supported; `
    const error = invalid(node.place, `${what}use protocol ssh, or a command`, subject.device)
    return { kind: 'unusable', error }
  }
  const settings = read(connectionSchema, node, ofConnection(name, subject))
  const initConfigCommands = settings.arguments?.init_config_commands ?? []
  if (settings.command) {
    const connection = { protocol: 'command', command: settings.command } as const
    return { kind: 'usable', connection, initConfigCommands, node }
  }
  const host = settings.ip || settings.host
  if (!host) {
    const hint = ['ip', 'host', 'command']
      .map((key) => misspelling(node, key, CONNECTION_KEYS))
      .find((found) => found !== undefined)
    const todo = hint?.words ?? `; add one to connections.${name}`
    throw invalid(
      hint?.place ?? node.place,
      `${subject.words} has no ip or host${todo}`,
      subject.device,
    )
  }
  const { port, hostKeys, knownHostsFile, identityFiles } = sshOptions(node, subject)
  const connection: SshConnection = {
    protocol: 'ssh',
    host,
    port: settings.port ?? port ?? SSH_PORT,
    ...(hostKeys && { hostKeys }),
    ...(knownHostsFile !== undefined && { knownHostsFile }),
    identityFiles,
  }
  return { kind: 'usable', connection, initConfigCommands, node }
}

function choose(
  device: TestbedNode,
  connections: TestbedNode | undefined,
  subject: Subject,
): { name: string; node: TestbedNode } {
  if (connections) {
    read(mappingSchema, connections, { ...subject, words: `${subject.words}: connections` })
  }
  const named = new Map(connections?.kind === 'map' ? connections.entries : [])
  named.delete('defaults')
  if (named.size === 0) {
    const hint = missingMapping(device, 'connections')
    const place = hint?.place ?? (connections ?? device).place
    throw invalid(place, `${subject.words} has no connection${hint?.words ?? ''}`, subject.device)
  }
  const bare = [...named].find(([key]) => CONNECTION_KEYS.includes(key))
  if (bare && [...named.values()].every(({ kind }) => kind !== 'map')) {
    const [key, { place }] = bare
    const what = `"${key}" stands in connections itself; put it into one, as in connections.cli.${key}`
    throw invalid(place, `${subject.words}: ${what}`, subject.device)
  }
  const defaults = entry(connections, 'defaults')
  const via = defaults && read(defaultsSchema, defaults, subject).via
  if (defaults && via !== undefined) {
    const node = named.get(via)
    if (node) return { name: via, node }
    const known = [...named.keys()].join(', ')
    const what = `${subject.words}: connections.defaults.via names "${via}", but there is only ${known}`
    throw invalid(entry(defaults, 'via')?.place ?? defaults.place, what, subject.device)
  }
  const all = [...named].map(([name, node]) => ({ name, node }))
  const ordered = [...all.filter(({ name }) => name === 'cli'), ...all]
  const drivable = ordered.find(({ name, node }) => obstacleTo(name, node, subject) === undefined)
  return (drivable ?? ordered[0]) as { name: string; node: TestbedNode }
}

/** Why we cannot drive this connection; undefined if we can. */
function obstacleTo(name: string, node: TestbedNode, subject: Subject): string | undefined {
  const kind = read(connectionKindSchema, node, ofConnection(name, subject))
  if (kind.command) return undefined
  if (kind.protocol !== undefined && kind.protocol !== 'ssh') return `protocol "${kind.protocol}"`
  // `rest.connector.Rest` and its like have an ip and a port too, but no CLI behind them.
  if (kind.class !== undefined && !kind.class.includes('unicon')) return `class "${kind.class}"`
  return undefined
}

function ofConnection(name: string, { words, device }: Subject): Subject {
  return { words: `${words}: connection "${name}"`, device }
}

/** The connection's `ssh_options`, with paths as this process can open them. */
function sshOptions(node: TestbedNode, subject: Subject): SshOptions {
  const written = entry(node, 'ssh_options')
  if (written?.kind !== 'text') return { identityFiles: [] }
  const absolute = (file: string): string => resolve(pathFrom(written.place, file))
  try {
    const options = parseSshOptions(written.text)
    return {
      ...options,
      identityFiles: options.identityFiles.map(absolute),
      ...(options.knownHostsFile !== undefined && {
        knownHostsFile: absolute(options.knownHostsFile),
      }),
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const what = `${subject.words}: ssh_options: ${error.message}`
    throw invalid(written.place, what, subject.device)
  }
}
