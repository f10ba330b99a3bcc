import { expect, it } from 'vitest'
import { FairQueue } from './fair-queue.ts'

function takeAll<Item>(queue: FairQueue<Item>): Item[] {
  const taken: Item[] = []
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) taken.push(item)
  return taken
}

it('gives each client its turn, however much one of them has queued', () => {
  const queue = new FairQueue<string>()
  for (const item of ['a1', 'a2', 'a3', 'a4']) queue.push(1, item)
  queue.push(2, 'b1')
  queue.push(3, 'c1')
  queue.push(2, 'b2')
  expect(takeAll(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'])
})

it('keeps a client from going first again by coming back with one more', () => {
  const queue = new FairQueue<string>()
  queue.push(1, 'a1')
  queue.push(2, 'b1')
  expect(queue.shift()).toBe('a1')
  queue.push(1, 'a2')
  expect(takeAll(queue)).toEqual(['b1', 'a2'])
})

it('takes an item out, and says when it is not there', () => {
  const queue = new FairQueue<string>()
  queue.push(1, 'a1')
  queue.push(1, 'a2')
  expect(queue.remove(1, 'a1')).toBe(true)
  expect(queue.remove(1, 'a1')).toBe(false)
  expect(queue.remove(2, 'a2')).toBe(false)
  expect(queue.size).toBe(1)
  expect(takeAll(queue)).toEqual(['a2'])
})

it('empties itself when drained', () => {
  const queue = new FairQueue<string>()
  queue.push(1, 'a1')
  queue.push(2, 'b1')
  expect(queue.drain()).toEqual(['a1', 'b1'])
  expect(queue.size).toBe(0)
  expect(queue.shift()).toBeUndefined()
})
