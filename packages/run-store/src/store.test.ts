import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { openRunStore } from './store.ts'
import { openStore, temporaryPath } from './temporary.fixture.ts'

const unavailable = (message: RegExp): unknown =>
  expect.objectContaining({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(message) as string,
  })

describe('opening a store', () => {
  it('makes a file that only this user can open, side files included', async () => {
    const store = await openStore()
    await store.events.append({ kind: 'started' })
    for (const suffix of ['', '-wal', '-shm']) {
      expect(statSync(store.path + suffix).mode & 0o777).toBe(0o600)
    }
  })

  it('finds what was there before', async () => {
    const file = temporaryPath()
    const before = await openRunStore(file)
    await before.checkpoints.set('bgp-1', { tests: 3 })
    await before.close()
    expect(await (await openStore(file)).checkpoints.last('bgp-1')).toEqual({ tests: 3 })
  })

  it('may be done by many at once, the file not being there yet', async () => {
    const file = temporaryPath()
    const stores = await Promise.all(Array.from({ length: 8 }, () => openStore(file)))
    await Promise.all(stores.map((store) => store.events.append({ kind: 'here' })))
    expect((await stores[0]?.events.since(0))?.events).toHaveLength(8)
  })

  it('refuses a store from a newer release', async () => {
    const file = temporaryPath()
    await (await openRunStore(file)).close()
    const database = new DatabaseSync(file)
    database.exec('PRAGMA user_version = 9999')
    database.close()
    await expect(openRunStore(file)).rejects.toEqual(unavailable(/newer release \(schema 9999/))
  })

  it("refuses another program's database, and leaves it as it is", async () => {
    const file = temporaryPath()
    const database = new DatabaseSync(file)
    database.exec('CREATE TABLE bookmarks (url TEXT)')
    database.close()
    chmodSync(file, 0o600)
    await expect(openRunStore(file)).rejects.toEqual(unavailable(/another program's database/))
  })

  it('refuses a file that is no database, and leaves it as it is', async () => {
    const file = temporaryPath()
    const text = 'testbed:\n'.repeat(1000)
    writeFileSync(file, text, { mode: 0o600 })
    await expect(openRunStore(file)).rejects.toEqual(unavailable(/not a database; remove/))
    expect(readFileSync(file, 'utf8')).toBe(text)
  })

  it('refuses a place where no file can be made', async () => {
    const file = temporaryPath()
    writeFileSync(file, '')
    await expect(openRunStore(path.join(file, 'store'))).rejects.toEqual(
      unavailable(/cannot be created in .*; name a store in a directory/),
    )
    await expect(openRunStore('/nowhere/run.store')).rejects.toEqual(unavailable(/ENOENT/))
  })

  it.skipIf(process.getuid?.() === 0)('refuses a directory that it cannot write', async () => {
    const file = temporaryPath()
    chmodSync(path.dirname(file), 0o500)
    await expect(openRunStore(file)).rejects.toEqual(unavailable(/EACCES/))
    chmodSync(path.dirname(file), 0o700)
  })

  it('refuses a network file system', async () => {
    const file = temporaryPath()
    const opening = openRunStore(file, { fileSystemType: () => 0x6969 })
    await expect(opening).rejects.toEqual(unavailable(/is on NFS, a network file system/))
    expect(existsSync(file)).toBe(false)
  })

  it('refuses a file that others can open, and one that is only a link', async () => {
    const open = temporaryPath()
    writeFileSync(open, '')
    chmodSync(open, 0o644)
    await expect(openRunStore(open)).rejects.toEqual(unavailable(/only this user can open/))
    const link = temporaryPath()
    symlinkSync(open, link)
    await expect(openRunStore(link)).rejects.toEqual(unavailable(/only this user can open/))
  })

  it('refuses side files that others can open: SQLite would believe them', async () => {
    const file = temporaryPath()
    writeFileSync(`${file}-wal`, '')
    chmodSync(`${file}-wal`, 0o666)
    await expect(openRunStore(file)).rejects.toEqual(unavailable(/run\.store-wal is not a file/))
  })

  it('says in one line what is wrong, and with which file', async () => {
    const error = await openRunStore('/nowhere/run.store').catch((failure: Error) => failure)
    expect((error as Error).message).toMatch(/^run store \/nowhere\/run\.store: .*$/)
  })
})

describe('a store', () => {
  it('closes after the writes that were asked for before, and any number of times', async () => {
    const file = temporaryPath()
    const store = await openRunStore(file)
    const written = store.events.append({ kind: 'last words' })
    await Promise.all([store.close(), store.close()])
    await store.close()
    expect(await written).toBe(1)
    expect((await (await openStore(file)).events.since(0)).events).toHaveLength(1)
  })

  it('is unavailable once closed', async () => {
    const store = await openRunStore(temporaryPath())
    await store.close()
    await expect(store.events.append({})).rejects.toEqual(unavailable(/was closed/))
    await expect(store.checkpoints.last('bgp-1')).rejects.toEqual(unavailable(/was closed/))
  })

  it('is unavailable when its file turns out to be damaged', async () => {
    const file = temporaryPath()
    const before = await openRunStore(file)
    await before.checkpoints.set('bgp-1', 'a'.repeat(100_000))
    await before.close()
    const bytes = readFileSync(file)
    // The header and the schema stay.
    for (const page of rootPages(file, ['checkpoints', 'events'])) {
      bytes.fill(0xff, (page - 1) * 4096, page * 4096)
    }
    writeFileSync(file, bytes)
    const store = await openStore(file)
    await expect(store.checkpoints.last('bgp-1')).rejects.toEqual(unavailable(/malformed/))
    await expect(store.events.append({})).rejects.toEqual(unavailable(/malformed/))
  })
})

function rootPages(file: string, tables: readonly string[]): number[] {
  using database = new DatabaseSync(file)
  const rootPage = database.prepare('SELECT rootpage AS page FROM sqlite_schema WHERE name = ?')
  return tables.map((table) => (rootPage.get(table) as { page: number }).page)
}
