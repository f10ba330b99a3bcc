import { DatabaseSync } from 'node:sqlite'
import type { DirectEvent } from '@nac-broker/protocol'
import { expect, test } from 'vitest'
import { startDirectLab } from './direct-lab.fixture.ts'

test('a direct client leaves in the store what it went through, its sessions, and its commands', async () => {
  const lab = await startDirectLab()
  const client = await lab.client({ env: { NAC_BROKER_WORKER: 'bgp-1' } })
  await lab.loseBroker()
  await client.execute('sim-1', 'show nonce read')
  await client.configure('sim-1', ['enable secret hunter2', 'hostname elsewhere'], { key: 'k' })
  await client.configure('sim-1', ['enable secret hunter2', 'hostname elsewhere'], { key: 'k' })
  await client.execute('sim-1', 'no-such-command').catch(() => {})
  await client.close()
  const { events } = await lab.store.events.since(0)
  const told = events.map(({ event }) => event as DirectEvent)
  expect(told[0]).toMatchObject({
    event: 'client-direct',
    worker: 'bgp-1',
    pid: process.pid,
    outages: { disconnects: 1 },
  })
  const direct = { worker: 'bgp-1', via: 'direct', device: 'sim-1' }
  expect(told.filter(({ event }) => event === 'command')).toMatchObject([
    { ...direct, what: 'execute', command: 'show nonce read', from: 'device' },
    { ...direct, what: 'configure', lines: 2, from: 'device' },
    { ...direct, what: 'configure', lines: 2, from: 'record', attempts: 0 },
    {
      ...direct,
      what: 'execute',
      from: 'device',
      code: 'COMMAND_REJECTED',
      message: expect.stringContaining('the device refused the command: % Invalid input') as string,
    },
  ])
  const others = told.map(({ event }) => event).filter((event) => event !== 'command')
  expect(others).toEqual(['client-direct', 'session-opened', 'session-closed'])
  expect(JSON.stringify(told)).not.toContain('hunter2')
})

test('a store that takes no events fails nothing', async () => {
  const lab = await startDirectLab()
  const client = await lab.directClient()
  using database = new DatabaseSync(lab.store.path)
  database.exec('DROP TABLE events')
  const answer = await client.execute('sim-1', 'show nonce read')
  expect(answer).toMatchObject({ output: 'read 1', via: 'direct' })
  await client.close()
})
