import type { ToHosted } from './host.ts'
import { runHostedBroker } from './hosted-broker.ts'

// Signals of the terminal reach the whole group; when to stop is for the one who launched us to say.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
// That one is gone: so are the clients' reasons to be served.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

runHostedBroker({
  // What is said after the end, a timer's report maybe, nobody waits for.
  post: (message) => void (process.connected && process.send?.(message)),
  onMessage: (listener) => process.on('message', (message) => listener(message as ToHosted)),
  close: () => {
    process.removeAllListeners('disconnect')
    process.disconnect()
  },
})
