import { createHmac } from 'node:crypto'

/** What a file says of one host. */
export interface KnownKeys {
  trusted: readonly Buffer[]
  revoked: readonly Buffer[]
}

const SSH_PORT = 22

/**
 * What a known_hosts file in OpenSSH's format (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT") says of a host. Lines
 * that cannot be used are left out, as OpenSSH does: comments, keys of a kind that is none of ours,
 * certificate authorities (host certificates are not supported). Keys are as they go over the wire.
 */
export function keysOf(text: string, host: string, port: number): KnownKeys {
  const name = knownHostName(host, port)
  const keys: { trusted: Buffer[]; revoked: Buffer[] } = { trusted: [], revoked: [] }
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/)
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined
    const [hosts, type, encoded] = words
    if (hosts === undefined || hosts.startsWith('#') || encoded === undefined) continue
    if (marker !== undefined && marker !== '@revoked') continue
    // First: of a file of a thousand hosts one line is decoded.
    if (!matches(hosts, name)) continue
    const key = Buffer.from(encoded, 'base64')
    if (keyType(key) === type) keys[marker ? 'revoked' : 'trusted'].push(key)
  }
  return keys
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
  if (!/[*?]/.test(pattern)) return pattern === name
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`).test(name)
}
