import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openRunStore } from '@nac-broker/run-store'
import { VirtualClock } from '@nac-broker/supervisor'
import { expect, it, onTestFinished } from 'vitest'
import { Fence } from './fence.ts'

it('a generation whose end could not be written is ended before the next, or as soon as it can be', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'nac-broker-fence-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'run.store')
  const clock = new VirtualClock()
  await using store = await openRunStore(file, { clock })
  await store.generations.begin(1, store.ownerOf(1))
  const fence = new Fence(store, clock)
  using another = new DatabaseSync(file)
  another.exec('BEGIN IMMEDIATE')

  expect(await failureOf(fence.end(1), clock)).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(await failureOf(fence.endAll(), clock)).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(await store.generations.current()).toMatchObject({ generation: 1 })

  const trying = fence.keepTrying(new AbortController().signal)
  another.exec('COMMIT')
  await clock.advance(10_000)
  await trying
  expect(await store.generations.current()).toBeUndefined()
})

async function failureOf(ending: Promise<void>, clock: VirtualClock): Promise<unknown> {
  const failure = ending.catch((error: unknown) => error)
  await clock.advance(10_000)
  return failure
}
