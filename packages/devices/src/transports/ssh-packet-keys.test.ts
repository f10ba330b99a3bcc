import { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import type { CipherAlgorithm, ClientChannel } from 'ssh2'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { prepareKeys } from './ssh-packet-keys.ts'
import { SshServer } from './ssh-server.fixture.ts'

/** The keys with which the next packets of an SSH client are sent and received. */
function keysOf(client: ssh2.Client): unknown[] {
  const { _protocol } = client as unknown as {
    _protocol: Record<'_cipher' | '_decipher', Record<string, unknown>>
  }
  const { _cipher, _decipher } = _protocol
  return [
    _cipher['_encKey'] ?? _cipher['_macKey'],
    _decipher['_decipherKey'] ?? _decipher['_macKey'],
  ]
}

test.each<CipherAlgorithm>(['aes256-gcm@openssh.com', 'aes256-ctr'])(
  'with %s, packets go both ways with keys that Node knows, before and after keys are exchanged again',
  async (cipher) => {
    const greeted = Promise.withResolvers<ssh2.Connection>()
    await using server = await SshServer.start({
      onConnection: greeted.resolve,
      onShell: (channel) => void channel.pipe(channel),
    })
    const client = new ssh2.Client()
    prepareKeys(client)
    const { port } = server
    const login = { host: '127.0.0.1', port, username: 'admin', password: 'secret' }
    client.connect({ ...login, algorithms: { cipher: [cipher] } })
    await once(client, 'ready')
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.shell((error, shell) => (error ? reject(error) : resolve(shell))),
    )
    const echo = async (word: string): Promise<string> => {
      const echoed = once(channel, 'data')
      channel.write(word)
      return String(await echoed)
    }
    await expect(echo('before')).resolves.toBe('before')
    const keys = keysOf(client)
    const connection = await greeted.promise
    await new Promise<void>((resolve) => connection.rekey(() => resolve()))
    await expect(echo('after')).resolves.toBe('after')
    const later = keysOf(client)
    for (const key of [...keys, ...later]) expect(key).toBeInstanceOf(KeyObject)
    expect((later[0] as KeyObject).equals(keys[0] as KeyObject)).toBe(false)
    client.end()
    await once(client, 'close')
  },
)
