import { DatabaseSync } from 'node:sqlite'
import { VirtualClock } from '@nac-broker/supervisor'
import { expect, it, onTestFinished } from 'vitest'
import { openStore, temporaryPath } from './temporary.fixture.ts'

/** Another connection that holds the write lock until told. */
function lock(file: string): { release: () => void } {
  const database = new DatabaseSync(file)
  database.exec('BEGIN IMMEDIATE')
  onTestFinished(() => database.close())
  return { release: () => database.exec('COMMIT') }
}

it("waits for another's lock without holding up the event loop for long", async () => {
  const file = temporaryPath()
  const store = await openStore(file)
  const { release } = lock(file)
  const written = store.events.append({ kind: 'late' })
  // Between two attempts other things get their turn, this one too.
  setImmediate(release)
  expect(await written).toBe(1)
})

it('gives up on a lock that is never released, and has then written nothing', async () => {
  const file = temporaryPath()
  const clock = new VirtualClock()
  const store = await openStore(file, { clock })
  const { release } = lock(file)
  const writing = store.events.append({ kind: 'never' }).catch((error: unknown) => error)
  await clock.advance(10_000)
  expect(await writing).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining('still locked by another process') as string,
  })
  release()
  expect((await store.events.since(0)).events).toEqual([])
})

it('reads while another writes', async () => {
  const file = temporaryPath()
  const store = await openStore(file)
  await store.checkpoints.set('bgp-1', 1)
  lock(file)
  expect(await store.checkpoints.last('bgp-1')).toBe(1)
})

it('writes in the order in which it was asked to', async () => {
  const store = await openStore()
  const sequences = await Promise.all([1, 2, 3].map((n) => store.events.append({ n })))
  expect(sequences).toEqual([1, 2, 3])
})
