import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openSession } from '../open-session.ts'
import type { Session } from '../session.ts'
import { loadTestbed } from '../testbed/load.ts'
import type { Quirk } from './quirk.ts'
import { startSimulator } from './simulator.ts'

/** A session on a device that misbehaves from its login on. */
async function sessionWith(quirk: Quirk): Promise<Session> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-quirk-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const simulator = await startSimulator({ devices: 1, latencyMs: 0 })
  onTestFinished(() => simulator.close())
  for (const device of simulator.devices) device.quirk = quirk
  const file = path.join(directory, 'testbed.yaml')
  await simulator.writeTestbed(file)
  const session = await openSession((await loadTestbed(file)).device('sim-1'), {
    loginTimeoutMs: quirk.kind === 'no prompt' ? 300 : 20_000,
  })
  onTestFinished(() => session.destroy())
  return session
}

async function answerTo(quirk: Quirk): Promise<string> {
  const session = await sessionWith(quirk)
  const output = await session.execute('show nonce n', { timeoutMs: 10_000 })
  return output.toString('latin1')
}

test('lines of an answer that look like the prompt are a part of it', async () => {
  expect(await answerTo({ kind: 'prompts in answers' })).toMatch(/^sim-1#\r\nsim-1# is .*\r\nn 1$/)
})

test('a login whose answers no prompt follows is given up', async () => {
  const session = await sessionWith({ kind: 'no prompt' }).catch((error: unknown) => error)
  expect(session).toMatchObject({ code: 'PROMPT_NOT_FOUND' })
})

test('what is typed need not be shown', async () => {
  expect(await answerTo({ kind: 'no echo' })).toBe('n 1')
})

test('bytes that are no text come as they were sent', async () => {
  expect(await answerTo({ kind: 'bytes in answers' })).toMatch(/^\xff\xfe\x80\xc3\( .*\r\nn 1$/s)
})

test('a megabyte of anything may come before the first prompt', async () => {
  expect(await answerTo({ kind: 'noise at login', bytes: 1_000_000 })).toBe('n 1')
})

test('kilobytes that nobody asked for are an answer like any other', async () => {
  const session = await sessionWith({ kind: 'floods', bytes: 20_000 })
  const output = await session.execute('show nonce n', { timeoutMs: 10_000 })
  expect(output.length).toBe(20 * 1_002 + 'n 1'.length)
})

test('a device whose lines others have lets nobody in', async () => {
  await expect(sessionWith({ kind: 'lines taken' })).rejects.toMatchObject({
    code: 'SESSION_LIMIT',
  })
})
