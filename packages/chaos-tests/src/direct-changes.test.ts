import { expect, it } from 'vitest'
import { connect } from '@nac-broker/client'
import { openRunStore } from '@nac-broker/run-store'
import { startSupervisedLab } from './supervised-lab.fixture.ts'

it('a living broker forgets what it has read of a device that a direct client has changed', async () => {
  await using lab = await startSupervisedLab({ host: 'thread' })
  await using client = await connect({ socketPath: lab.broker.socketPath })
  await client.execute('sim-1', 'show nonce before')
  expect((await client.execute('sim-1', 'show nonce before')).cached).toBe(true)
  await using store = await openRunStore(lab.broker.storePath ?? '')
  await store.outcomes.voidKey({ key: 'elsewhere', device: 'sim-1', fingerprint: 'x' })
  expect(await client.execute('sim-1', 'show nonce before')).toMatchObject({
    cached: false,
    output: 'before 2',
  })
})
