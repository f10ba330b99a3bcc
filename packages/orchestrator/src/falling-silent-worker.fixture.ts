/**
 * A worker that never prints anything, and asks its device again and again until the file named by its argument is
 * there; then for `show nonce last`, and from then on for nothing. It does not end by itself.
 */
import { existsSync } from 'node:fs'
import { connect } from '@nac-broker/client'

const [silentFile = ''] = process.argv.slice(2)
const broker = await connect()
while (!existsSync(silentFile)) await broker.execute('sim-1', 'show nonce', { cache: false })
await broker.execute('sim-1', 'show nonce last', { cache: false })
process.stdin.resume()
