import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Secrets } from '@nac-broker/devices'
import { BrokerError } from '@nac-broker/protocol'
import { fingerprintOf, openRunStore, ownerOf, type RunStore } from '@nac-broker/run-store'
import { type ChangeRequest, Changes } from './changes.ts'

const request: ChangeRequest = {
  key: 'lo0-description',
  device: 'r1',
  operation: 'configure',
  lines: ['interface lo0', 'description x'],
}
const output = Buffer.from('done')
const session = { secrets: new Secrets(['hunter2']) }

let directory: string
let store: RunStore
const fenced = vi.fn<() => void>()

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-changes-'))
  store = await openRunStore(path.join(directory, 'run.store'))
  await store.generations.begin(1, ownerOf(1))
  fenced.mockReset()
})

afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

/** What generation `generation` of the broker has to do with changes. */
function changesOf(generation: number): Changes {
  return new Changes(store, generation, fenced)
}

async function nextGeneration(): Promise<Changes> {
  await store.generations.end(1)
  await store.generations.begin(2, ownerOf(2))
  return changesOf(2)
}

it('records a change as sent before it is sent', async () => {
  const changes = changesOf(1)
  const before = vi.fn<() => Promise<Buffer>>(async () => {
    const change = { ...request, fingerprint: fingerprintOf('configure', request.lines) }
    expect(await store.outcomes.outcomeOf(change)).toEqual({ state: 'sent', generation: 1 })
    return output
  })
  expect(await changes.carryOut(request, session, before)).toEqual(output)
  expect(before).toHaveBeenCalledOnce()
})

it('gives the recorded output to whoever asks again, the next broker included', async () => {
  expect(await changesOf(1).recorded(request, false)).toBeUndefined()
  await changesOf(1).carryOut(request, session, async () => output)
  expect(await (await nextGeneration()).recorded(request, false)).toEqual(output)
})

it('gives the words of the device that refused it to whoever asks again', async () => {
  const refused = new BrokerError('COMMAND_REJECTED', '% Invalid input', { sent: 'yes' })
  const carriedOut = changesOf(1).carryOut(request, session, () => Promise.reject(refused))
  await expect(carriedOut).rejects.toBe(refused)
  await expect((await nextGeneration()).recorded(request, false)).rejects.toMatchObject({
    code: 'COMMAND_REJECTED',
    message: '% Invalid input',
  })
})

it('does not record an output with a secret of the device in it, and says so', async () => {
  const told = Buffer.from('the password is hunter2')
  expect(await changesOf(1).carryOut(request, session, async () => told)).toBe(told)
  await expect((await nextGeneration()).recorded(request, false)).rejects.toMatchObject({
    code: 'OUTCOME_UNKNOWN',
    sent: 'yes',
    message:
      'r1: the change "lo0-description" was carried out; its output was not kept: it has a secret of the device in it',
  })
})

it('says that the outcome is unknown of a change that was sent and not answered', async () => {
  const lost = new BrokerError('SESSION_LOST', 'reset', { sent: 'yes' })
  await changesOf(1)
    .carryOut(request, session, () => Promise.reject(lost))
    .catch(() => {})
  const next = await nextGeneration()
  await expect(next.recorded(request, false)).rejects.toMatchObject({
    code: 'OUTCOME_UNKNOWN',
    sent: 'yes',
  })
  const again = vi.fn<() => Promise<Buffer>>()
  await expect(next.carryOut(request, session, again)).rejects.toMatchObject({
    code: 'OUTCOME_UNKNOWN',
  })
  expect(again).not.toHaveBeenCalled()
})

it('leaves a change alone that a client has taken over', async () => {
  await store.outcomes.voidKey({
    ...request,
    fingerprint: fingerprintOf('configure', request.lines),
  })
  const work = vi.fn<() => Promise<Buffer>>()
  await expect(changesOf(1).carryOut(request, session, work)).rejects.toMatchObject({
    code: 'OUTCOME_UNKNOWN',
  })
  expect(work).not.toHaveBeenCalled()
})

it('sends nothing any more once its generation has ended, and says so to its broker', async () => {
  const old = changesOf(1)
  await nextGeneration()
  const work = vi.fn<() => Promise<Buffer>>()
  await expect(old.carryOut(request, session, work)).rejects.toMatchObject({
    code: 'SHUTTING_DOWN',
    sent: 'no',
  })
  expect(work).not.toHaveBeenCalled()
  expect(fenced).toHaveBeenCalledOnce()
})

it('sends no change without a key either once its generation has ended', async () => {
  const old = changesOf(1)
  await nextGeneration()
  const send = vi.fn<() => Promise<Buffer>>()
  await expect(old.unkeyed('r1', send)).rejects.toMatchObject({ code: 'SHUTTING_DOWN', sent: 'no' })
  expect(send).not.toHaveBeenCalled()
  expect(fenced).toHaveBeenCalledOnce()
})

it('refuses a key that belongs to another change', async () => {
  await changesOf(1).carryOut(request, session, async () => output)
  const other = { ...request, lines: ['no interface lo0'] }
  await expect(changesOf(1).recorded(other, false)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining('use a key of its own for each change'),
  })
})

it('fails closed when the store cannot be used', async () => {
  await store.close()
  const work = vi.fn<() => Promise<Buffer>>()
  await expect(changesOf(1).carryOut(request, session, work)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    sent: 'no',
  })
  expect(work).not.toHaveBeenCalled()
  store = await openRunStore(store.path)
})

it('ends the epoch of the device before a change without a key is sent, and again when it is done', async () => {
  const before = await store.epochs.currentEpoch('r1')
  const sent = await changesOf(1).unkeyed('r1', async () => {
    return Buffer.from(`${(await store.epochs.currentEpoch('r1')) - before}`)
  })
  expect(sent.toString()).toBe('1')
  expect(await store.epochs.currentEpoch('r1')).toBe(before + 2)
})

it('ends it again too when that change fails, and does not send it where the store cannot be written', async () => {
  const before = await store.epochs.currentEpoch('r1')
  const lost = new BrokerError('SESSION_LOST', 'gone', { sent: 'yes' })
  await expect(changesOf(1).unkeyed('r1', () => Promise.reject(lost))).rejects.toBe(lost)
  expect(await store.epochs.currentEpoch('r1')).toBe(before + 2)
  const changes = changesOf(1)
  await store.close()
  const send = vi.fn<() => Promise<Buffer>>()
  await expect(changes.unkeyed('r1', send)).rejects.toThrow('it was closed')
  expect(send).not.toHaveBeenCalled()
})
