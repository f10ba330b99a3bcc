import { createSecretKey } from 'node:crypto'
import type { Client } from 'ssh2'

/** What ssh2's ciphers call the key with which they begin each packet: AES-GCM out and in, and the others' MAC. */
const KEYS = ['_encKey', '_decipherKey', '_macKey']

type Cipher = Record<string, unknown> | undefined

/**
 * Has ssh2 encrypt and decrypt with keys that Node knows already. It keeps them as bytes and hands them over anew for
 * every packet, and to find out that bytes are no `KeyObject` takes Node 24 longer than to encrypt a command: 13 of 16
 * microseconds. Where ssh2 does not have what is changed here, it goes on as it is.
 */
export function prepareKeys(client: Client): void {
  // At the login, and again whenever keys are exchanged.
  client.on('handshake', () => {
    for (const cipher of ciphersOf(client)) {
      for (const name of KEYS) {
        const key = cipher?.[name]
        if (cipher && Buffer.isBuffer(key)) cipher[name] = createSecretKey(key)
      }
    }
  })
}

/** Of what is sent and what is received. */
function ciphersOf(client: Client): Cipher[] {
  const { _protocol } = client as unknown as {
    _protocol?: { _cipher?: Cipher; _decipher?: Cipher }
  }
  return [_protocol?._cipher, _protocol?._decipher]
}
