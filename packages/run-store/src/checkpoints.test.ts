import { expect, it } from 'vitest'
import { openStore, temporaryPath } from './temporary.fixture.ts'

it('holds the last value of each worker', async () => {
  const { checkpoints } = await openStore()
  expect(await checkpoints.last('bgp-1')).toBeUndefined()
  await checkpoints.set('bgp-1', { done: ['a'] })
  await checkpoints.set('bgp-1', { done: ['a', 'b'] })
  await checkpoints.set('bgp-2', null)
  expect(await checkpoints.last('bgp-1')).toEqual({ done: ['a', 'b'] })
  expect(await checkpoints.last('bgp-2')).toBeNull()
})

it('refuses what is no JSON, and what is too large, and keeps the value from before', async () => {
  const { checkpoints } = await openStore(temporaryPath(), { limits: { maxCheckpointBytes: 10 } })
  await checkpoints.set('bgp-1', 1)
  for (const value of [undefined, 'x'.repeat(10)]) {
    await expect(checkpoints.set('bgp-1', value)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  }
  expect(await checkpoints.last('bgp-1')).toBe(1)
})

it.each([
  ['more workers', { maxCheckpoints: 2 }, 'b'],
  ['more bytes', { maxCheckpointsBytes: 20 }, 'b'.repeat(15)],
])(
  'refuses %s than there may be of all together, and keeps what is there',
  async (_, limits, value) => {
    const { checkpoints } = await openStore(temporaryPath(), { limits })
    await checkpoints.set('bgp-1', 'é')
    // Replaced often, it still counts once.
    for (let n = 0; n < 10; n++) await checkpoints.set('bgp-2', 'a')
    await expect(checkpoints.set('bgp-3', value)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await checkpoints.last('bgp-1')).toBe('é')
    expect(await checkpoints.last('bgp-2')).toBe('a')
    expect(await checkpoints.last('bgp-3')).toBeUndefined()
  },
)
