// A test. It finds the run's broker through NAC_TEST_BROKER_SOCKET and never logs in itself.
import assert from 'node:assert/strict'
import { BrokerError, connect } from '@nac-broker/client'

await using broker = await connect()

const { output, cached } = await broker.execute('sim-1', 'show version', { timeoutMs: 10_000 })
assert.match(output, /IOS XE/)
console.log(`show version: ${output.length} characters, ${cached ? 'from the cache' : 'executed'}`)

await broker.configure('sim-1', ['interface Loopback0', 'description checked'])
console.log('configured Loopback0')

try {
  await broker.execute('sim-1', 'frobnicate')
} catch (error) {
  if (!(error instanceof BrokerError)) throw error
  console.log(`${error.code}: ${error.message} (sent: ${error.sent})`)
}
