import { VirtualClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { Actor } from './actor-process.fixture.ts'
import type { Output } from './outputs.ts'
import { openStore, temporaryPath } from './temporary.fixture.ts'

const content = Buffer.from('Version 17.15.1a\r\n')
const output = (more: Partial<Output> = {}): Output => ({
  device: 'r1',
  command: 'show version',
  epoch: 0,
  content,
  ttlMs: 1000,
  ...more,
})

it('gives an output back, byte for byte, until it expires', async () => {
  const clock = new VirtualClock()
  const { outputs } = await openStore(temporaryPath(), { clock })
  expect(await outputs.get('r1', 'show version')).toBeUndefined()
  expect(await outputs.put(output())).toBe(true)
  await clock.advance(999)
  expect(await outputs.get('r1', 'show version')).toEqual(content)
  expect(await outputs.get('r2', 'show version')).toBeUndefined()
  expect(await outputs.get('r1', 'show clock')).toBeUndefined()
  await clock.advance(1)
  expect(await outputs.get('r1', 'show version')).toBeUndefined()
})

it('forgets what it knew of a device whose epoch has ended, and of no other', async () => {
  const { outputs, epochs } = await openStore()
  await outputs.put(output())
  await outputs.put(output({ device: 'r2' }))
  await epochs.endEpoch('r1')
  expect(await outputs.get('r1', 'show version')).toBeUndefined()
  expect(await outputs.get('r2', 'show version')).toEqual(content)
})

it('refuses an output that was read in an earlier epoch', async () => {
  const { outputs, epochs } = await openStore()
  await epochs.endEpoch('r1')
  expect(await outputs.put(output({ epoch: 0 }))).toBe(false)
  expect(await outputs.put(output({ epoch: 1 }))).toBe(true)
  expect(await outputs.get('r1', 'show version')).toEqual(content)
})

it('shares outputs and epochs with other processes', async () => {
  const { path, outputs, epochs } = await openStore()
  await using actor = await Actor.start(path)
  const put = { do: 'put', device: 'r1', command: 'show clock', epoch: 0, text: 'noon' } as const
  expect(await actor.perform(put)).toBe(true)
  expect(await outputs.get('r1', 'show clock')).toEqual(Buffer.from('noon'))
  await actor.perform({ do: 'end-epoch', device: 'r1' })
  expect(await epochs.currentEpoch('r1')).toBe(1)
  expect(await outputs.get('r1', 'show clock')).toBeUndefined()
  await epochs.endEpoch('r1')
  expect(await actor.perform({ ...put, epoch: 1 })).toBe(false)
})

it('replaces an output by a newer one of the same command', async () => {
  const { outputs } = await openStore()
  await outputs.put(output())
  await outputs.put(output({ content: Buffer.from('newer') }))
  expect(await outputs.get('r1', 'show version')).toEqual(Buffer.from('newer'))
})

it('holds no more bytes than it may, the newest', async () => {
  const { outputs } = await openStore(temporaryPath(), { limits: { maxOutputBytes: 1000 } })
  for (const n of [1, 2, 3]) {
    await outputs.put(output({ command: `show ${n}`, content: Buffer.alloc(400, n) }))
  }
  // Replaced, not added.
  await outputs.put(output({ command: 'show 3', content: Buffer.alloc(600, 3) }))
  expect(await outputs.get('r1', 'show 1')).toBeUndefined()
  expect(await outputs.get('r1', 'show 2')).toHaveLength(400)
  expect(await outputs.get('r1', 'show 3')).toHaveLength(600)
  expect(await outputs.put(output({ content: Buffer.alloc(1001) }))).toBe(false)
  expect(await outputs.get('r1', 'show 3')).toHaveLength(600)
})

it('holds no output that takes long to write', async () => {
  const { outputs } = await openStore(temporaryPath(), { limits: { maxBytesPerOutput: 1000 } })
  expect(await outputs.put(output({ content: Buffer.alloc(1000) }))).toBe(true)
  expect(await outputs.put(output({ command: 'show tech', content: Buffer.alloc(1001) }))).toBe(
    false,
  )
  expect(await outputs.get('r1', 'show tech')).toBeUndefined()
})

it('holds no more outputs than it may, the newest', async () => {
  const { outputs } = await openStore(temporaryPath(), { limits: { maxOutputs: 2 } })
  for (const n of [1, 2, 3]) await outputs.put(output({ command: `show ${n}` }))
  expect(await outputs.get('r1', 'show 1')).toBeUndefined()
  expect(await outputs.get('r1', 'show 2')).toEqual(content)
  expect(await outputs.get('r1', 'show 3')).toEqual(content)
})

it('starts cold after it was cleared', async () => {
  const { outputs } = await openStore()
  await outputs.put(output())
  await outputs.clear()
  expect(await outputs.get('r1', 'show version')).toBeUndefined()
})
