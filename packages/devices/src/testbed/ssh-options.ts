import { isPort } from './schema.ts'
import type { HostKeyPolicy } from './testbed.ts'

/** What we take from a connection's `ssh_options`; paths as they are written. */
export interface SshOptions {
  hostKeys?: HostKeyPolicy
  knownHostsFile?: string
  identityFiles: readonly string[]
  port?: number
}

const HOST_KEYS: Readonly<Record<string, HostKeyPolicy>> = {
  yes: 'strict',
  ask: 'strict',
  'accept-new': 'accept-new',
  no: 'insecure',
  off: 'insecure',
}

/**
 * Reads options of the `ssh` command line. As there, the first of several wins, and identity files
 * add up; options that mean nothing to us are ignored.
 * @throws {RangeError} for a value that an option we know does not take.
 */
export function parseSshOptions(commandLine: string): SshOptions {
  const settings = settingsOf(words(commandLine))
  const first = (name: string): string | undefined => settings.find(([key]) => key === name)?.[1]
  const hostKeys = first('stricthostkeychecking')
  // OpenSSH takes several files, in quotes of their own if need be, and writes to the first.
  const [, quoted, plain] = /^"([^"]*)"|^(\S+)/.exec(first('userknownhostsfile') ?? '') ?? []
  const knownHostsFile = quoted ?? plain
  const port = first('port')
  return {
    ...(hostKeys !== undefined && { hostKeys: hostKeyPolicy(hostKeys) }),
    ...(knownHostsFile !== undefined && { knownHostsFile }),
    identityFiles: settings.filter(([key]) => key === 'identityfile').map(([, file]) => file),
    ...(port !== undefined && { port: portNumber(port) }),
  }
}

/** Everything as `-o` would say it: `-p 22` is `Port=22`. */
function settingsOf(options: readonly string[]): [key: string, value: string][] {
  const settings: [string, string][] = []
  for (let index = 0; index < options.length; index++) {
    const [, flag, attached] = /^-([oip])(.*)$/.exec(options[index] ?? '') ?? []
    if (flag === undefined) continue
    const value = attached === '' ? options[++index] : attached
    if (value === undefined) throw new RangeError(`-${flag} needs a value`)
    if (flag === 'o') {
      const [, key = '', setting = ''] = /^\s*(\w+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(value) ?? []
      settings.push([key.toLowerCase(), setting])
    } else {
      settings.push([flag === 'p' ? 'port' : 'identityfile', value])
    }
  }
  return settings
}

/** Words as a shell splits them: at spaces outside quotes. */
function words(commandLine: string): string[] {
  const found = commandLine.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []
  return found.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'))
}

function hostKeyPolicy(value: string): HostKeyPolicy {
  const key = value.toLowerCase()
  const policy = Object.hasOwn(HOST_KEYS, key) ? HOST_KEYS[key] : undefined
  if (policy) return policy
  throw new RangeError(`StrictHostKeyChecking must be yes, no or accept-new, not "${value}"`)
}

function portNumber(value: string): number {
  if (isPort(value)) return Number(value)
  throw new RangeError(`-p must be a number from 1 to 65535, not "${value}"`)
}
