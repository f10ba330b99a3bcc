import { expect, it } from 'vitest'
import { type ClientEvent, connect } from '@nac-broker/client'
import { startSupervisedLab } from './supervised-lab.fixture.ts'

it('a checkpoint is there for the next attempt of the worker, and for no other worker', async () => {
  await using lab = await startSupervisedLab({ host: 'thread' })
  const { socketPath } = lab.broker
  {
    await using first = await connect({ socketPath, name: 'bgp-1' })
    expect(await first.lastCheckpoint()).toBeUndefined()
    await first.checkpoint({ done: ['t1'], at: new Date(0), nothing: undefined })
    await first.checkpoint({ done: ['t1', 't2'], at: new Date(0), nothing: undefined })
  }
  await using second = await connect({ socketPath, name: 'bgp-1' })
  expect(await second.lastCheckpoint()).toEqual({
    done: ['t1', 't2'],
    at: '1970-01-01T00:00:00.000Z',
  })
  await using other = await connect({ socketPath, name: 'bgp-2' })
  expect(await other.lastCheckpoint()).toBeUndefined()
})

it.each([
  ['restart,abort', 'ready'],
  ['fallback', 'direct'],
  ['abort', 'aborted'],
] as const)(
  'under %s a checkpoint can be set while the broker is gone, and is not lost with it',
  async (crashPolicy, becomes) => {
    await using lab = await startSupervisedLab({
      host: 'process',
      crashPolicy: crashPolicy.split(','),
    })
    const { socketPath } = lab.broker
    await using client = await connect({ socketPath, name: 'bgp-1', testbed: lab.testbedPath })
    await client.checkpoint(1)
    const events = client.events()
    await until(events, 'ready')
    lab.kill()
    await until(events, 'lost')
    expect(await client.lastCheckpoint()).toBe(1)
    await client.checkpoint(2)
    await until(events, becomes)
    expect(await client.lastCheckpoint()).toBe(2)
  },
)

it('refuses what is no JSON, and what is too much of it', async () => {
  await using lab = await startSupervisedLab({ host: 'thread' })
  await using client = await connect({ socketPath: lab.broker.socketPath, name: 'bgp-1' })
  const refused = { code: 'INVALID_REQUEST', sent: 'no' }
  await expect(client.checkpoint(undefined)).rejects.toMatchObject(refused)
  await expect(client.checkpoint('x'.repeat(1024 * 1024))).rejects.toMatchObject(refused)
  expect(await client.lastCheckpoint()).toBeUndefined()
})

async function until(
  events: AsyncGenerator<ClientEvent>,
  name: ClientEvent['event'],
): Promise<void> {
  for (;;) {
    const { value } = await events.next()
    if (value === undefined || value.event === name) return
  }
}
