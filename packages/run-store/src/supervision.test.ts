import { expect, it } from 'vitest'
import { ownerOf } from './owner.ts'
import { openStore } from './temporary.fixture.ts'

it('says who supervises, and whether another broker may follow', async () => {
  const { supervision } = await openStore()
  expect(await supervision.supervisor()).toBeUndefined()
  expect(await supervision.isOver()).toBe(false)
  await supervision.begin()
  const { generation: _, ...self } = ownerOf(null)
  expect(await supervision.supervisor()).toEqual(self)
  expect(await supervision.isOver()).toBe(false)
  await supervision.giveUp()
  expect(await supervision.supervisor()).toEqual(self)
  expect(await supervision.isOver()).toBe(true)
})

it('is over when its supervisor has ended, until a resumed run begins', async () => {
  const { supervision } = await openStore()
  await supervision.begin()
  await supervision.end()
  expect(await supervision.supervisor()).toBeUndefined()
  expect(await supervision.isOver()).toBe(true)
  await supervision.begin()
  expect(await supervision.isOver()).toBe(false)
})

it('can be given up by whoever never said that it began', async () => {
  const { supervision } = await openStore()
  await supervision.giveUp()
  expect(await supervision.isOver()).toBe(true)
})
