import { expect, it } from 'vitest'
import { fingerprintOf } from './change.ts'
import { ownerOf } from './owner.ts'
import { openStore } from './temporary.fixture.ts'

it('has one live generation at a time', async () => {
  const { generations } = await openStore()
  expect(await generations.current()).toBeUndefined()
  await generations.begin(1, ownerOf(1))
  expect(await generations.current()).toEqual({ generation: 1, owner: ownerOf(1) })
  await expect(generations.begin(2, ownerOf(2))).rejects.toMatchObject({
    code: 'GENERATION_LIVE',
    message: `generation 1 of pid ${process.pid} (generation 1) is live; it has to end before 2 begins`,
  })
  await generations.end(1)
  expect(await generations.current()).toBeUndefined()
  await generations.begin(2, ownerOf(2))
  expect((await generations.current())?.generation).toBe(2)
})

it('never begins a generation again, nor an earlier one', async () => {
  const { generations } = await openStore()
  expect(await generations.latest()).toBe(0)
  await generations.begin(3, ownerOf(3))
  await generations.end(3)
  await generations.end(3)
  expect(await generations.latest()).toBe(3)
  for (const generation of [2, 3]) {
    const beginning = generations.begin(generation, ownerOf(generation))
    await expect(beginning).rejects.toMatchObject({ code: 'GENERATION_ENDED' })
  }
})

it('takes the owner of an ended generation for gone, though its process lives on', async () => {
  const { generations } = await openStore()
  await generations.begin(1, ownerOf(1))
  expect(await generations.isGone(ownerOf(1))).toBe(false)
  await generations.end(1)
  expect(await generations.isGone(ownerOf(1))).toBe(true)
  expect(await generations.isGone(ownerOf(null))).toBe(false)
})

it('ends the epoch of each device that a generation left with an unfinished change', async () => {
  const { generations, outcomes, epochs } = await openStore()
  await generations.begin(1, ownerOf(1))
  const change = (device: string): { key: string; device: string; fingerprint: string } => ({
    key: device,
    device,
    fingerprint: fingerprintOf('configure', ['shutdown']),
  })
  await outcomes.markSent(change('r1'), 1)
  await outcomes.markSent(change('r2'), 1)
  await outcomes.markDone(change('r2'), { kept: false })
  const before = [await epochs.currentEpoch('r1'), await epochs.currentEpoch('r2')]
  await generations.end(1)
  await generations.end(1)
  expect([await epochs.currentEpoch('r1'), await epochs.currentEpoch('r2')]).toEqual([
    (before[0] ?? 0) + 1,
    before[1],
  ])
})
