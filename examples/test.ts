// A test. It finds the run's broker through NAC_TEST_BROKER_SOCKET and never logs in itself.
import assert from 'node:assert/strict'
import { BrokerError, connect } from '@nac-broker/client'

// What a broker has to say is one line; anything else has its stack.
process.on('uncaughtException', (error) => {
  console.error(error instanceof BrokerError ? `${error.code}: ${error.message}` : error)
  process.exitCode = 1
})

await using broker = await connect()

const { output, cached } = await broker.execute('sim-1', 'show version', { timeoutMs: 10_000 })
assert.match(output, /IOS XE/)
console.log(`show version: ${output.length} characters from the ${cached ? 'cache' : 'device'}`)

// What changes a device makes the broker forget what that one has shown: here it is another.
await broker.configure('sim-2', ['interface Loopback0', 'description checked'])
console.log('configured Loopback0')

try {
  await broker.execute('sim-2', 'frobnicate')
} catch (error) {
  if (!(error instanceof BrokerError)) throw error
  console.log(`${error.code}: ${error.message} (sent: ${error.sent})`)
}
