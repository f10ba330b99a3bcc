import { connect } from '@nac-broker/client'

// A test that asks its one device for one thing after the other, and for nothing after an error.
await using client = await connect()
for (const command of process.argv.slice(2)) await client.execute('sim-1', command)
