import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { BrokerError } from '@nac-broker/protocol'
import type { HostKeyPolicy, SshConnection } from '../testbed/testbed.ts'
import { keysOf, keyType, knownHostName, type KnownKeys } from './known-hosts.ts'

type Verdict =
  | { kind: 'none yet' }
  | { kind: 'trusted'; key: Buffer }
  /** Accepted because the policy accepts new keys; to be recorded. */
  | { kind: 'new'; key: Buffer }
  | { kind: 'refused'; error: BrokerError }

/** Judges the host key that one connection's server shows. */
export class HostKeyCheck {
  readonly #device: string
  readonly #host: string
  readonly #port: number
  readonly #policy: HostKeyPolicy
  readonly #file: string
  readonly #known: KnownKeys
  #verdict: Verdict = { kind: 'none yet' }

  private constructor(
    device: string,
    { host, port }: SshConnection,
    policy: HostKeyPolicy,
    file: string,
    known: KnownKeys,
  ) {
    this.#device = device
    this.#host = host
    this.#port = port
    this.#policy = policy
    this.#file = file
    this.#known = known
  }

  /**
   * Reads what is known of the host. What the connection itself says beats `policy`.
   * @throws {BrokerError} `HOST_KEY_UNKNOWN` when the known_hosts file is there but cannot be read.
   */
  static prepare(device: string, connection: SshConnection, policy: HostKeyPolicy): HostKeyCheck {
    const file = connection.knownHostsFile ?? join(homedir(), '.ssh', 'known_hosts')
    const effective = connection.hostKeys ?? policy
    const text = effective === 'insecure' ? '' : readKnownHosts(file, device)
    const known = keysOf(text, connection.host, connection.port)
    return new HostKeyCheck(device, connection, effective, file, known)
  }

  /** The types of the keys that are known, to ask the server for one of those. */
  get knownTypes(): string[] {
    return [...new Set(this.#known.trusted.flatMap((key) => keyType(key) ?? []))]
  }

  /** Why the server's key was refused, once it was. */
  get error(): BrokerError | undefined {
    return this.#verdict.kind === 'refused' ? this.#verdict.error : undefined
  }

  /** Called again when keys are renegotiated: what was accepted once stays so, and nothing else. */
  accepts(key: Buffer): boolean {
    if (this.#verdict.kind === 'trusted' || this.#verdict.kind === 'new') {
      return this.#verdict.key.equals(key)
    }
    this.#verdict = this.#judge(key)
    return this.#verdict.kind !== 'refused'
  }

  /**
   * Writes an accepted new key down. To be called once the server has proven that the key is its own.
   * @throws {BrokerError} `HOST_KEY_UNKNOWN`
   */
  async record(): Promise<void> {
    if (this.#verdict.kind !== 'new') return
    const { key } = this.#verdict
    const line = `${knownHostName(this.#host, this.#port)} ${keyType(key)} ${key.toString('base64')}\n`
    try {
      await appendLine(this.#file, line)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw this.#unknown(key, `could not be added to ${this.#file} (${why})`, cause)
    }
  }

  #judge(key: Buffer): Verdict {
    const isKey = (other: Buffer): boolean => other.equals(key)
    if (this.#policy === 'insecure') return { kind: 'trusted', key }
    if (this.#known.revoked.some(isKey)) {
      return { kind: 'refused', error: this.#changed(key, `is marked @revoked in ${this.#file}`) }
    }
    if (this.#known.trusted.some(isKey)) return { kind: 'trusted', key }
    // The server was asked for the types we know first, so a key of another type is a change as well.
    if (this.#known.trusted.length > 0) {
      const fix = `if that is as it should be, ssh-keygen -R '${this.#name}' -f ${this.#file}`
      const what = `is not the one in ${this.#file}: the device was replaced, or somebody is in between; ${fix}`
      return { kind: 'refused', error: this.#changed(key, what) }
    }
    if (this.#policy === 'accept-new') return { kind: 'new', key }
    const scan = `ssh-keyscan ${this.#port === 22 ? '' : `-p ${this.#port} `}${this.#host}`
    const what = `is not in ${this.#file}; check its fingerprint, then ${scan} >> ${this.#file}`
    return { kind: 'refused', error: this.#unknown(key, what) }
  }

  get #name(): string {
    return knownHostName(this.#host, this.#port)
  }

  #unknown(key: Buffer, what: string, cause?: unknown): BrokerError {
    const message = `${this.#device}: the host key of ${this.#name} (${described(key)}) ${what}`
    return new BrokerError('HOST_KEY_UNKNOWN', message, { device: this.#device, cause })
  }

  #changed(key: Buffer, what: string): BrokerError {
    const message = `${this.#device}: the host key of ${this.#name} (${described(key)}) ${what}`
    return new BrokerError('HOST_KEY_CHANGED', message, { device: this.#device })
  }
}

/** At once: a thread that is terminated while it waits for a file to be opened leaves it open for ever. */
function readKnownHosts(file: string, device: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
    const why = cause instanceof Error ? cause.message : String(cause)
    const message = `${device}: known_hosts file ${file} cannot be read (${why})`
    throw new BrokerError('HOST_KEY_UNKNOWN', message, { device, cause })
  }
}

async function appendLine(file: string, line: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await using handle = await open(file, 'a+', 0o600)
  const text = await handle.readFile('utf8')
  // One write, so that lines of several processes never mix.
  await handle.write(text === '' || text.endsWith('\n') ? line : `\n${line}`)
}

function described(key: Buffer): string {
  const fingerprint = createHash('sha256').update(key).digest('base64').replace(/=+$/, '')
  return `${keyType(key) ?? 'unknown type'} SHA256:${fingerprint}`
}
