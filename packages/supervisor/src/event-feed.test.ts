import { expect, it } from 'vitest'
import { EventFeed } from './event-feed.ts'

const feedOfNumbers = (): EventFeed<number> => new EventFeed<number>((count) => -count)

async function all(stream: AsyncIterable<number>): Promise<number[]> {
  const events: number[] = []
  for await (const event of stream) events.push(event)
  return events
}

it('gives every reader every event from when it asked, and then the end', async () => {
  const feed = feedOfNumbers()
  const first = feed.stream()
  feed.emit(1)
  const second = feed.stream()
  feed.emit(2)
  feed.end()
  expect(await all(first)).toEqual([1, 2])
  expect(await all(second)).toEqual([2])
})

it('wakes a reader that waits', async () => {
  const feed = feedOfNumbers()
  const stream = feed.stream()
  const next = stream.next()
  feed.emit(7)
  expect((await next).value).toBe(7)
  await stream.return()
})

it('ends a waiting reader when its signal is aborted', async () => {
  const over = new AbortController()
  const reading = all(feedOfNumbers().stream(over.signal))
  over.abort()
  expect(await reading).toEqual([])
})

it('leaves the oldest out for a reader that lags, and says how many', async () => {
  const feed = feedOfNumbers()
  const stream = feed.stream()
  for (let event = 1; event <= 10_005; event++) feed.emit(event)
  feed.end()
  const events = await all(stream)
  expect(events.slice(0, 2)).toEqual([-5, 6])
  expect(events).toHaveLength(10_001)
})

it('stops calling a listener that has unsubscribed', () => {
  const feed = feedOfNumbers()
  const seen: number[] = []
  const unsubscribe = feed.subscribe((event) => seen.push(event))
  feed.emit(1)
  unsubscribe()
  feed.emit(2)
  expect(seen).toEqual([1])
})
