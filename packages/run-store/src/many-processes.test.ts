import { afterAll, beforeAll, expect, it } from 'vitest'
import { Actor } from './actor-process.fixture.ts'
import { ownerOf } from './owner.ts'
import { openRunStore, type RunStore } from './store.ts'
import { temporaryDirectory } from './temporary.fixture.ts'

const directory = temporaryDirectory()
let store: RunStore
let actors: Actor[] = []

beforeAll(async () => {
  store = await openRunStore(directory.storePath())
  actors = await Promise.all(Array.from({ length: 16 }, () => Actor.start(store.path)))
})

afterAll(async () => {
  await Promise.all(actors.map((actor) => actor.kill()))
  await store.close()
  directory.remove()
})

it('loses no transaction of 16 processes that write at once, and fails none for a lock', async () => {
  const numbers = Array.from({ length: 500 }, (_, n) => n)
  await Promise.all(actors.map((actor) => actor.perform({ do: 'write', count: numbers.length })))
  const { events, missed } = await store.events.since(0, 10_000)
  expect(missed).toBe(0)
  const written = events.map(({ event }) => event as { pid: number; n: number })
  for (const { pid } of actors) {
    expect(written.filter((event) => event.pid === pid).map(({ n }) => n)).toEqual(numbers)
  }
})

it('lets one of many processes win each key, whether it would send the change or make it void', async () => {
  await store.generations.begin(1, ownerOf(1))
  const keys = Array.from({ length: 200 }, (_, n) => `key ${n}`)
  const wins = await Promise.all(
    actors.map((actor, n) =>
      actor.perform({ do: 'race', keys, how: n % 2 === 0 ? 'send' : 'void' }),
    ),
  )
  expect((wins as string[][]).flat().toSorted()).toEqual(keys.toSorted())
  expect(await store.epochs.currentEpoch('r1')).toBe(keys.length)
})
