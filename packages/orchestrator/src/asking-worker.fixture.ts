/**
 * A worker that asks the broker until something goes wrong, or until a file named by its argument is
 * there. It says `up` with its first answer, and `direct` with the first one that came without a broker. `--abort` lets it fail as soon as the broker is lost.
 */
import { existsSync } from 'node:fs'
import { connect } from '@nac-broker/client'

const [stopFile = '', abort] = process.argv.slice(2)
await using broker = await connect(abort === '--abort' ? { crashPolicy: ['abort'] } : {})
let direct = false
for (let asked = 0; asked === 0 || !existsSync(stopFile); asked++) {
  const { via } = await broker.execute('sim-1', `show nonce ${process.pid}-${asked}`)
  if (asked === 0) process.stdout.write('up\n')
  if (via === 'direct' && !direct) process.stdout.write('direct\n')
  direct ||= via === 'direct'
}
