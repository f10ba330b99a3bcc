import { expect, test } from 'vitest'
import { Batch } from './batch.ts'
import { VirtualClock } from './virtual-clock.ts'

function setUp(): { batch: Batch<number>; clock: VirtualClock; handedOver: number[][] } {
  const clock = new VirtualClock()
  const handedOver: number[][] = []
  const batch = new Batch<number>((items) => handedOver.push(items), {
    waitMs: 100,
    maxItems: 3,
    clock,
  })
  return { batch, clock, handedOver }
}

test('hands over together what comes within the wait', async () => {
  const { batch, clock, handedOver } = setUp()
  batch.add(1)
  await clock.advance(99)
  batch.add(2)
  expect(handedOver).toEqual([])
  await clock.advance(1)
  expect(handedOver).toEqual([[1, 2]])
})

test('a full one does not wait, and leaves no timer behind', async () => {
  const { batch, clock, handedOver } = setUp()
  for (const item of [1, 2, 3]) batch.add(item)
  expect(handedOver).toEqual([[1, 2, 3]])
  await clock.advance(50)
  batch.add(4)
  await clock.advance(99)
  expect(handedOver).toHaveLength(1)
  await clock.advance(1)
  expect(handedOver).toEqual([[1, 2, 3], [4]])
})

test('flushing hands over at once, and nothing where there is nothing', () => {
  const { batch, handedOver } = setUp()
  batch.flush()
  batch.add(1)
  batch.flush()
  batch.flush()
  expect(handedOver).toEqual([[1]])
})
