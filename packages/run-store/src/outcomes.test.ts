import { readFileSync } from 'node:fs'
import { beforeEach, expect, it } from 'vitest'
import { type Change, fingerprintOf } from './change.ts'
import { ownerOf } from './owner.ts'
import type { RunStore } from './store.ts'
import { openStore } from './temporary.fixture.ts'

const change: Change = {
  key: 'vlan 7',
  device: 'r1',
  fingerprint: fingerprintOf('configure', ['vlan 7', 'name lab']),
}
const other = (key: string): Change => ({ ...change, key })
const content = Buffer.from([0, 255, 10, 13])

let store: RunStore

beforeEach(async () => {
  store = await openStore()
  await store.generations.begin(1, ownerOf(1))
})

it('follows a change from absent over sent to done, with its result', async () => {
  const { outcomes } = store
  expect(await outcomes.outcomeOf(change)).toEqual({ state: 'absent' })
  await outcomes.markSent(change, 1)
  expect(await outcomes.outcomeOf(change)).toEqual({ state: 'sent', generation: 1 })
  await outcomes.markDone(change, { kept: true, content })
  const outcome = { state: 'done', result: { kept: true, content } }
  expect(await outcomes.outcomeOf(change)).toEqual(outcome)
  expect(await (await openStore(store.path)).outcomes.outcomeOf(change)).toEqual(outcome)
})

it('takes a refused change for settled, too', async () => {
  const { outcomes } = store
  const error = { code: 'COMMAND_REJECTED', message: 'r1: % Invalid input', sent: 'yes' } as const
  await outcomes.markSent(change, 1)
  await outcomes.markFailed(change, error)
  expect(await outcomes.outcomeOf(change)).toEqual({ state: 'failed', error })
  await expect(outcomes.markSent(change, 1)).rejects.toMatchObject({ code: 'KEY_TAKEN' })
})

it('never lets a change be sent twice, nor after somebody made it void', async () => {
  const { outcomes } = store
  await outcomes.markSent(change, 1)
  await expect(outcomes.markSent(change, 1)).rejects.toMatchObject({
    code: 'KEY_TAKEN',
    message: 'r1: the change "vlan 7" is sent already; it is not sent again',
  })
  expect(await outcomes.voidKey(change)).toBe(false)
  expect(await outcomes.voidKey(other('vlan 8'))).toBe(true)
  expect(await outcomes.voidKey(other('vlan 8'))).toBe(false)
  await expect(outcomes.markSent(other('vlan 8'), 1)).rejects.toMatchObject({ code: 'KEY_TAKEN' })
})

it('lets nothing be sent by a generation that has ended, or never began', async () => {
  const { outcomes, generations, epochs } = store
  await generations.end(1)
  await expect(outcomes.markSent(change, 1)).rejects.toMatchObject({
    code: 'GENERATION_ENDED',
    message: 'generation 1 is not the live one; it must send nothing more',
  })
  await generations.begin(2, ownerOf(2))
  for (const generation of [1, 3]) {
    const sending = outcomes.markSent(change, generation)
    await expect(sending).rejects.toMatchObject({ code: 'GENERATION_ENDED' })
  }
  expect(await outcomes.outcomeOf(change)).toEqual({ state: 'absent' })
  expect(await epochs.currentEpoch('r1')).toBe(0)
})

it('records what became of a change that was run elsewhere', async () => {
  const { outcomes } = store
  await outcomes.voidKey(change)
  expect(await outcomes.outcomeOf(change)).toEqual({ state: 'void' })
  await outcomes.markDone(change, { kept: true, content })
  expect(await outcomes.outcomeOf(change)).toMatchObject({ state: 'done' })
})

it('settles only what was sent, and only once', async () => {
  const { outcomes } = store
  const settling = outcomes.markDone(change, { kept: false })
  await expect(settling).rejects.toMatchObject({ code: 'KEY_TAKEN' })
  await outcomes.markSent(change, 1)
  await outcomes.markDone(change, { kept: true, content })
  const again = outcomes.markDone(change, { kept: true, content: Buffer.from('other') })
  await expect(again).rejects.toMatchObject({ code: 'KEY_TAKEN' })
  expect(await outcomes.outcomeOf(change)).toEqual({
    state: 'done',
    result: { kept: true, content },
  })
})

it('refuses a key that comes again with another device or other lines', async () => {
  const { outcomes } = store
  await outcomes.markSent(change, 1)
  const reuses: Change[] = [
    { ...change, device: 'r2' },
    { ...change, fingerprint: fingerprintOf('configure', ['vlan 7']) },
    { ...change, fingerprint: fingerprintOf('execute', ['vlan 7', 'name lab']) },
  ]
  for (const reuse of reuses) {
    const refused = { code: 'KEY_REUSED' }
    await expect(outcomes.markSent(reuse, 1)).rejects.toMatchObject(refused)
    await expect(outcomes.voidKey(reuse)).rejects.toMatchObject(refused)
    await expect(outcomes.outcomeOf(reuse)).rejects.toMatchObject(refused)
    await expect(outcomes.markDone(reuse, { kept: false })).rejects.toMatchObject(refused)
  }
})

it('ends the epoch of the device when a change is sent, made void, and settled', async () => {
  const { outcomes, epochs } = store
  await outcomes.markSent(change, 1)
  expect(await epochs.currentEpoch('r1')).toBe(1)
  await outcomes.markDone(change, { kept: false })
  expect(await epochs.currentEpoch('r1')).toBe(2)
  await outcomes.voidKey(other('elsewhere'))
  expect(await epochs.currentEpoch('r1')).toBe(3)
  await outcomes.markFailed(other('elsewhere'), { code: 'SESSION_LOST', message: '', sent: 'yes' })
  expect(await epochs.currentEpoch('r1')).toBe(4)
  expect(await epochs.currentEpoch('r2')).toBe(0)
})

it('keeps as many bytes of results as it may, the newest, and every key', async () => {
  const { outcomes } = await openStore(store.path, { limits: { maxResultBytes: 1000 } })
  for (const n of [1, 2, 3]) {
    await outcomes.markSent(other(`change ${n}`), 1)
    await outcomes.markDone(other(`change ${n}`), { kept: true, content: Buffer.alloc(400, n) })
  }
  const evicted = { state: 'done', result: { kept: false, why: 'evicted' } }
  expect(await outcomes.outcomeOf(other('change 1'))).toEqual(evicted)
  expect(await outcomes.outcomeOf(other('change 2'))).toMatchObject({ result: { kept: true } })
  expect(await outcomes.outcomeOf(other('change 3'))).toMatchObject({ result: { kept: true } })
  await outcomes.markSent(other('large'), 1)
  await outcomes.markDone(other('large'), { kept: true, content: Buffer.alloc(1001) })
  expect(await outcomes.outcomeOf(other('large'))).toEqual(evicted)
  expect(await outcomes.outcomeOf(other('change 3'))).toMatchObject({ result: { kept: true } })
  await expect(outcomes.markSent(other('change 1'), 1)).rejects.toMatchObject({ code: 'KEY_TAKEN' })
})

it('holds neither a result that is not to be kept nor the lines of a change', async () => {
  const secret = 'hunter2-enable'
  const secretive = { ...change, fingerprint: fingerprintOf('configure', [`password ${secret}`]) }
  await store.outcomes.markSent(secretive, 1)
  await store.outcomes.markDone(secretive, { kept: false })
  expect(await store.outcomes.outcomeOf(secretive)).toEqual({
    state: 'done',
    result: { kept: false, why: 'withheld' },
  })
  for (const suffix of ['', '-wal']) {
    expect(readFileSync(store.path + suffix).includes(secret)).toBe(false)
  }
})
