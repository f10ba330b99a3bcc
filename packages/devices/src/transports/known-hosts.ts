import { createHmac } from 'node:crypto'

/** One line of a known_hosts file, in OpenSSH's format (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHost {
  /** As written: patterns separated by commas, or one hashed name. */
  hosts: string
  revoked: boolean
  /** The public key as it goes over the wire. */
  key: Buffer
}

/** What a file says of one host. */
export interface KnownKeys {
  trusted: readonly Buffer[]
  revoked: readonly Buffer[]
}

const SSH_PORT = 22

/**
 * Lines that cannot be used are left out, as OpenSSH does: comments, keys of a kind that is none of
 * ours, certificate authorities (host certificates are not supported).
 */
export function parseKnownHosts(text: string): KnownHost[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/)
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined
    const [hosts, type, encoded] = words
    if (hosts === undefined || hosts.startsWith('#') || encoded === undefined) return []
    if (marker !== undefined && marker !== '@revoked') return []
    const key = Buffer.from(encoded, 'base64')
    return keyType(key) === type ? [{ hosts, revoked: marker === '@revoked', key }] : []
  })
}

export function keysOf(known: readonly KnownHost[], host: string, port: number): KnownKeys {
  const name = knownHostName(host, port)
  const matching = known.filter(({ hosts }) => matches(hosts, name))
  return {
    trusted: matching.filter(({ revoked }) => !revoked).map(({ key }) => key),
    revoked: matching.filter(({ revoked }) => revoked).map(({ key }) => key),
  }
}

/** The name under which a host stands in known_hosts. */
export function knownHostName(host: string, port: number): string {
  return port === SSH_PORT ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

/** The type that a public key names itself (`ssh-ed25519`); undefined when it is no key. */
export function keyType(key: Buffer): string | undefined {
  if (key.length < 4) return undefined
  const length = key.readUInt32BE(0)
  return length > 0 && key.length > 4 + length ? key.toString('latin1', 4, 4 + length) : undefined
}

function matches(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHash(hosts, name)
  const patterns = hosts.toLowerCase().split(',')
  const excluded = patterns.some((pattern) => pattern[0] === '!' && glob(pattern.slice(1), name))
  return !excluded && patterns.some((pattern) => glob(pattern, name))
}

function matchesHash(hashed: string, name: string): boolean {
  const [, version, salt = '', hash] = hashed.split('|')
  if (version !== '1') return false
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

/** `*` is any text and `?` any character; all else, brackets included, is meant literally. */
function glob(pattern: string, name: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`).test(name)
}
