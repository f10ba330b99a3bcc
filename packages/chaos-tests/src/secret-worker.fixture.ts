import { connect } from '@nac-broker/client'

// A test that sends the device's own password to it in every way, and fails of what the device says of it.
const secret = process.env['DEVICE_SECRET'] ?? ''
await using client = await connect()
await client.execute('sim-1', `show nonce ${secret}`)
await client.execute('sim-1', `write nonce ${secret}`)
await client.configure('sim-1', [`username x password ${secret}`])
await client.checkpoint({ done: 3 })
await client.execute('sim-1', `nonsense ${secret}`)
