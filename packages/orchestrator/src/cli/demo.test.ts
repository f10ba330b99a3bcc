import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import type { DeviceLogEntry } from '@nac-broker/devices'
import { afterEach, expect, it, vi } from 'vitest'
import type { DemoPolicy, Promised } from '../demo/verdict.ts'
import type { Summary } from '../demo/summary.ts'
import type { RunReport } from '../report.ts'
import { nacBroker, Running } from './command-line.fixture.ts'

interface Closing extends Summary {
  promises: Promised[]
  report: string
  deviceLog: string
}

// Two seconds each where there is a processor for each of their processes.
vi.setConfig({ testTimeout: 60_000 })

const SMALL = ['--devices', '2', '--workers', '2', '--commands', '40']

let directory: string | undefined

afterEach(async () => {
  if (directory !== undefined) await rm(directory, { recursive: true })
  directory = undefined
})

async function reportOf(file: string): Promise<RunReport> {
  directory = path.join(file, '../..')
  return JSON.parse(await readFile(file, 'utf8')) as RunReport
}

/** Runs it, and expects of it what every policy promises, by the devices' own log. */
async function demo(
  policy: DemoPolicy,
): Promise<{ closing: Closing; report: RunReport; changes: string[] }> {
  const { code, stdout, stderr } = await nacBroker(['demo', '--policy', policy, ...SMALL, '--json'])
  const closing = JSON.parse(stdout) as Closing
  const report = await reportOf(closing.report)
  const broken = closing.promises.filter(({ kept }) => !kept)
  expect({ code, stderr, broken }).toEqual({ code: 0, stderr: '', broken: [] })
  const log = await logOf(closing.deviceLog)
  const logins = log.filter(({ event }) => event === 'login').length
  const changes = log
    .filter((entry) => entry.event === 'command')
    .map(({ line }) => line)
    .filter((line) => line.startsWith('write nonce '))
  expect(new Set(changes).size).toBe(changes.length)
  expect(closing).toMatchObject({ policy, exitCode: 0, executedTwice: 0, logins })
  expect(closing.detectionMs).toBeGreaterThan(0)
  return { closing, report, changes }
}

async function logOf(file: string): Promise<DeviceLogEntry[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as DeviceLogEntry)
}

it('goes on with the next broker under restart', async () => {
  const { closing, report, changes } = await demo('restart')
  expect(closing).toMatchObject({ result: 'COMPLETE', viaDirect: 0 })
  expect(closing.answered + closing.outcomeUnknown).toBe(40)
  expect(closing.recoveryMs).toBeGreaterThan(closing.detectionMs as number)
  expect(report).toMatchObject({ policy: 'restart,abort', broker: { generation: 2 } })
  // What was in flight at the kill may not have reached its device.
  expect(changes.length).toBeGreaterThanOrEqual(4 - closing.outcomeUnknown)
})

it('goes on without a broker under fallback', async () => {
  const { closing, report, changes } = await demo('fallback')
  expect(closing).toMatchObject({ result: 'COMPLETE' })
  expect(closing.answered + closing.outcomeUnknown).toBe(40)
  expect(closing.viaDirect).toBeGreaterThan(0)
  expect(closing.recoveryMs).toBeGreaterThan(closing.detectionMs as number)
  expect(report).toMatchObject({ policy: 'fallback', broker: { generation: 1 } })
  expect(changes.length).toBeGreaterThanOrEqual(4 - closing.outcomeUnknown)
})

it('ends with the broker under abort', async () => {
  const { closing, report } = await demo('abort')
  expect(closing).toMatchObject({ result: 'ABORTED', viaDirect: 0, recoveryMs: null })
  expect(closing.answered).toBeGreaterThanOrEqual(20)
  expect(closing.answered).toBeLessThan(40)
  expect(report).toMatchObject({ status: 'ABORTED', exitCode: 4, broker: { generation: 1 } })
})

it('tells its story in plain lines where there is no terminal', async () => {
  const { code, stdout, stderr } = await nacBroker(['demo', ...SMALL])
  const report = /^report: (\S+) \(in a temporary directory/m.exec(stdout)?.[1] ?? ''
  expect(await reportOf(report)).toMatchObject({ status: 'COMPLETE' })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('20 of 40 commands\n')
  expect(stdout).toMatch(/^\d+ of 40 commands answered: the broker \(pid \d+\) is killed with SIG/m)
  expect(stdout).toMatch(/│ executed twice +│ 0 /)
  expect(stdout).toMatch(/│ recovery +│ [\d.]+ ms /)
  expect(stdout.match(/^kept/gm)).toHaveLength(6)
})

it('says so when it is interrupted, and judges nothing', async () => {
  await using running = new Running(['demo', ...SMALL, '--commands', '200'])
  await running.lineMatching(/^20 of 200/)
  running.process.kill('SIGINT')
  const { code, stdout } = await running.exited
  const report = /^report: (\S+) \(in a temporary directory/m.exec(stdout)?.[1] ?? ''
  expect(await reportOf(report)).toMatchObject({ status: 'ABORTED', exitCode: 130 })
  expect(code).toBe(130)
  expect(stdout).toMatch(/^interrupted by SIGINT after \d+ of 200 commands/m)
  expect(stdout).not.toMatch(/BROKEN|kept/)
})
