import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2'

/** What OpenSSH's key types are asked for as: an RSA key signs with three algorithms. */
const SIGNATURES: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
  'ssh-dss': ['ssh-dss'],
}

/**
 * Appends everything that ssh2 and this build of OpenSSL support and do not offer by default. (ssh2
 * takes regular expressions here; its types do not know.)
 */
const WITH_LEGACY = { append: [/./], prepend: [], remove: [] } as unknown as Record<
  'append' | 'prepend' | 'remove',
  never[]
>

/**
 * What to offer a server. Old network gear speaks nothing newer than SHA-1, group 1 and CBC: all that
 * ssh2 has comes last, so that it is used only where there is nothing better.
 */
export function offeredAlgorithms(knownKeyTypes: readonly string[]): Algorithms {
  const types = new Set([...knownKeyTypes, ...Object.keys(SIGNATURES)])
  return {
    serverHostKey: [...types].flatMap((type) => SIGNATURES[type] ?? []),
    kex: WITH_LEGACY,
    cipher: WITH_LEGACY,
    hmac: WITH_LEGACY,
  }
}
