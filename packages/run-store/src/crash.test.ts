import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { Actor } from './actor-process.fixture.ts'
import { openStore } from './temporary.fixture.ts'

/** A few milliseconds where the machine has time to spare; with a busy timeout of SQLite's own, five seconds. */
const SOON_MS = 2_500

it('keeps every row that a killed process said it wrote, and no lock of it', async () => {
  const store = await openStore()
  for (let kill = 0; kill < 3; kill++) {
    await using actor = await Actor.start(store.path)
    actor.perform({ do: 'write-for-ever' }).catch(() => {})
    await actor.hasWritten(100)
    await actor.kill()
    expect(await store.events.append({ kind: 'killed' })).toBeGreaterThan(100)
    const { events } = await store.events.since(0, 100_000)
    const stored = new Set(events.map(({ sequence }) => sequence))
    expect(actor.written.filter((sequence) => !stored.has(sequence))).toEqual([])
  }
})

it('lets a thread that writes be terminated in well under a second, and leaves no lock of it', async () => {
  const store = await openStore()
  for (let kill = 0; kill < 3; kill++) {
    const thread = new Worker(new URL('writer-thread.fixture.ts', import.meta.url), {
      workerData: store.path,
    })
    const written: number[] = []
    thread.on('message', (sequence: number) => written.push(sequence))
    await once(thread, 'message')
    const startMs = performance.now()
    await thread.terminate()
    expect(performance.now() - startMs).toBeLessThan(SOON_MS)
    await store.events.append({ kind: 'terminated' })
    const { events } = await store.events.since(0, 100_000)
    const stored = new Set(events.map(({ sequence }) => sequence))
    expect(written.filter((sequence) => !stored.has(sequence))).toEqual([])
  }
})

it('lets a thread that waits for a lock be terminated in well under a second', async () => {
  const store = await openStore()
  const thread = new Worker(new URL('lock-thread.fixture.ts', import.meta.url), {
    workerData: store.path,
  })
  await once(thread, 'message')
  const startMs = performance.now()
  await thread.terminate()
  expect(performance.now() - startMs).toBeLessThan(SOON_MS)
  await store.events.append({ kind: 'terminated' })
})
