/**
 * A worker that reads so many things, none of which has a key or may come from the cache, and says how far it has
 * come after each: only its checkpoint keeps it from reading one again. In the attempts that are named in KILLED, as
 * `worker/attempt`, it is killed when it has read as many as the second argument says.
 */
import { connect } from '@nac-broker/client'

const [items = '0', killedAfter = ''] = process.argv.slice(2)
const { NAC_BROKER_WORKER: worker = '', NAC_BROKER_ATTEMPT: attempt, KILLED = '' } = process.env
const isToBeKilled = KILLED.split(' ').includes(`${worker}/${attempt}`)

await using broker = await connect()
const { done } = ((await broker.lastCheckpoint()) ?? { done: 0 }) as { done: number }
for (let item = done + 1; item <= Number(items); item++) {
  await broker.execute('sim-1', `show nonce ${worker}.${item}`, { cache: false })
  await broker.checkpoint({ done: item })
  if (isToBeKilled && item === Number(killedAfter)) process.kill(process.pid, 'SIGKILL')
}
