import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { Client, type ClientChannel } from 'ssh2'
import { loadTestbed } from '@nac-broker/devices'
import type { Subject } from './compare.ts'

/** What a test would do without a broker: a shell of its own on the device, TCP_NODELAY set. */
export interface BareSsh extends Disposable {
  /** All up to the next prompt. */
  answerTo(line: string): Promise<string>
}

/** Logged in, paging and line wrapping off. Returns for each device of a testbed how that is done. */
export async function bareSshTo(
  testbedPath: string,
): Promise<(device: string) => Promise<BareSsh>> {
  const testbed = await loadTestbed(testbedPath)
  return async (device) => {
    const { connection, credentials } = testbed.device(device)
    if (connection.protocol !== 'ssh') throw new Error(`${device} is not reached by ssh`)
    const { username = '', password = '' } = credentials['default'] ?? {}
    const sock = connectTcp({ host: connection.host, port: connection.port, noDelay: true })
    const client = new Client()
    client.connect({ sock, username, password })
    await once(client, 'ready')
    const shell = await new Promise<ClientChannel>((resolve, reject) =>
      client.shell((error, channel) => (error ? reject(error) : resolve(channel))),
    )
    const answerTo = async (line: string): Promise<string> => {
      let received = ''
      const { promise, resolve } = Promise.withResolvers<string>()
      const onData = (data: Buffer): void => {
        received += data.toString('latin1')
        if (received.endsWith('#')) resolve(received)
      }
      shell.on('data', onData)
      if (line !== '') shell.write(`${line}\n`)
      try {
        return await promise
      } finally {
        shell.off('data', onData)
      }
    }
    await answerTo('')
    await answerTo('terminal length 0')
    await answerTo('terminal width 0')
    return { answerTo, [Symbol.dispose]: () => void client.end() }
  }
}

export function bareCommand(ssh: BareSsh): Subject {
  return {
    name: 'bare ssh2 shell, TCP_NODELAY',
    async once() {
      const answer = await ssh.answerTo('show nonce bench')
      return () => {
        if (!/\r\nbench \d+\r\n/.test(answer)) throw new Error(`device answered ${answer}`)
      }
    },
  }
}
