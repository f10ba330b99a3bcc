import { connect } from '@nac-broker/client'
import { openRunStore } from '@nac-broker/run-store'
import { systemClock } from '@nac-broker/supervisor'
import { describe, expect, it } from 'vitest'
import { type HostKind, startSupervisedLab, type SupervisedLab } from './supervised-lab.fixture.ts'

const DAY_MS = 86_400_000

/** How many days its broker is ahead of us, by what it writes down of a session. */
async function daysAhead(lab: SupervisedLab): Promise<number> {
  await using client = await connect({ socketPath: lab.broker.socketPath })
  await client.execute('sim-1', 'show clock')
  await using store = await openRunStore(`${lab.broker.socketPath}.store`)
  const [lease] = await store.ledger.leases()
  return Math.round(((lease?.sinceWallTimeMs ?? 0) - systemClock.wallTime().getTime()) / DAY_MS)
}

describe.each<HostKind>(['thread', 'process'])('the calendar of a broker in a %s', (host) => {
  it('jumps, and the next broker has it too', async () => {
    await using lab = await startSupervisedLab({ host, maxSessionsPerDevice: 1 })
    lab.shiftCalendar(2 * DAY_MS)
    expect(await daysAhead(lab)).toBe(2)
    const listening = lab.next('listening')
    lab.kill()
    await listening
    expect(await daysAhead(lab)).toBe(2)
  })
})
