import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from '@nac-broker/client'
import { expect, it } from 'vitest'
import { startSupervisedLab } from './supervised-lab.fixture.ts'

const BYTES = 100_000_000
/** Its pieces, the whole, what SQLite makes of it, and as much that is not collected yet: about five in all. */
const MOST_COPIES = 8

it('a hundred megabytes come whole to all who asked, and the broker serves others meanwhile', async () => {
  await using lab = await startSupervisedLab({
    host: 'process',
    simulator: { devices: 2 },
    commandTimeoutMs: 60_000,
  })
  const socketPath = lab.broker.socketPath
  await using one = await connect({ socketPath })
  await using another = await connect({ socketPath })
  await another.execute('sim-2', 'show nonce kept')
  const before = peakBytes(lab.pid)
  const got = lab.deviceGets(`show bulk ${BYTES}`)
  const asked = [one, another].map((client) =>
    client.execute('sim-1', `show bulk ${BYTES}`, { timeoutMs: 60_000 }),
  )
  await got
  expect(await another.execute('sim-2', 'show nonce kept')).toMatchObject({ cached: true })
  const sha256 = (await Promise.all(asked)).map(({ output }) =>
    createHash('sha256').update(output).digest('hex'),
  )
  const sent = lab.log.flatMap((entry) => (entry.event === 'output' ? [entry] : []))
  const outputs = sent.filter(({ line }) => line.startsWith('show bulk'))
  // Only a broker that stalls, or clients that take it for lost, make a device be asked again.
  const crashes = lab.events.filter(({ event }) => /^(broker-lost|client-left)$/.test(event))
  expect({ crashes, outputs }).toMatchObject({ crashes: [], outputs: [{ bytes: BYTES }] })
  expect(sha256).toEqual([outputs[0]?.sha256, outputs[0]?.sha256])
  expect(peakBytes(lab.pid) - before).toBeLessThan(MOST_COPIES * BYTES)
}, 60_000)

/** The most memory that a process ever had. */
function peakBytes(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}
