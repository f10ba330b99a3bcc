/**
 * The quickest device that `ssh` can meet: no password, any number of commands over one connection, each answered
 * at once. Says its port when it is asked.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import ssh2 from 'ssh2'
import { generateHostKey } from '../../packages/devices/src/simulator/host-key.ts'
import { readyToBeAsked } from './lifetime.ts'

const hostKeys = [generateHostKey().private]
const ssh = new ssh2.Server({ hostKeys }, (connection) => {
  connection.on('error', () => {})
  connection.on('authentication', (context) => context.accept())
  connection.on('session', (accept) => {
    accept().once('exec', (acceptExec, _, { command }) => {
      const channel = acceptExec()
      channel.write(`${command.slice('show nonce '.length)} 1\n`)
      channel.exit(0)
      channel.end()
    })
  })
})
const server = createServer({ noDelay: true }, (socket) => ssh.injectSocket(socket))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
await readyToBeAsked(async () => port)
process.exit()
