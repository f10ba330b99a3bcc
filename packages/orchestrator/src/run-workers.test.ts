import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { VirtualClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { resolveFailurePolicy } from './failure-policy-options.ts'
import type { WorkerReport } from './report.ts'
import { ReportDirectory } from './report-directory.ts'
import { runWorkers } from './run-workers.ts'

it('does not wait for ever for a worker that does not end, and says nothing of it twice', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-crew-'))
  const directory = new ReportDirectory(folder)
  await directory.make()
  const clock = new VirtualClock()
  const stop = new AbortController()
  const never = new AbortController().signal
  const asked = Promise.withResolvers<void>()
  const hangs = Promise.withResolvers<void>()
  const told: WorkerReport[] = []
  const none = { env: {}, timeoutMs: undefined, idleTimeoutMs: undefined, device: undefined }
  const running = runWorkers([{ name: 'w', command: ['false'], ...none }], {
    policy: resolveFailurePolicy({}, 1),
    maxParallel: 1,
    directory,
    env: process.env,
    signal: stop.signal,
    hurry: never,
    lost: never,
    brokerSettled() {
      asked.resolve()
      return hangs.promise
    },
    clock,
    before: () => ({ attempts: [], passed: undefined, pauses: [] }),
    onSpawn: () => {},
    onExit: () => {},
    onAttemptEnd: () => {},
    onStart: () => {},
    onRetry: () => {},
    onStopping: () => {},
    onDecision: () => {},
    onEnd: (worker) => told.push(worker),
  })
  await asked.promise
  stop.abort(new Error('enough'))
  await clock.advance(60_000)
  const expected = {
    name: 'w',
    status: 'failed-to-stop',
    reason: 'it was killed and has not ended',
  }
  expect(await running).toMatchObject([expected])
  hangs.resolve()
  await clock.advance(1)
  expect(told).toMatchObject([expected])
  await rm(folder, { recursive: true })
})
