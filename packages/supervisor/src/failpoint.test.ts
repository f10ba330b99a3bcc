import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

const MODULE = path.join(import.meta.dirname, 'failpoint.ts')
const TWICE = `
  const { failpoint } = await import(${JSON.stringify(MODULE)})
  failpoint('a.first'); failpoint('a.second'); console.log('once')
  failpoint('a.first'); failpoint('a.second'); console.log('twice')`

/** A process that reaches two failpoints twice. */
function reached(env: NodeJS.ProcessEnv): { said: string; complained: string; how: unknown } {
  const args = ['--input-type=module', '--eval', TWICE]
  const options = { env: { ...process.env, ...env }, encoding: 'utf8', timeout: 3_000 } as const
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, args, options)
  return { said: stdout, complained: stderr, how: signal ?? status }
}

it('does nothing unless it is asked to', () => {
  expect(reached({ NAC_BROKER_FAILPOINTS: 'a.third=kill' })).toMatchObject({
    said: 'once\ntwice\n',
    how: 0,
  })
})

it('kills the process, the first time or the one that is named', () => {
  expect(reached({ NAC_BROKER_FAILPOINTS: 'a.first=kill' })).toMatchObject({
    said: '',
    how: 'SIGKILL',
  })
  expect(reached({ NAC_BROKER_FAILPOINTS: 'a.second=kill@2' })).toMatchObject({
    said: 'once\n',
    how: 'SIGKILL',
  })
})

it('fails there', () => {
  const { how, complained } = reached({ NAC_BROKER_FAILPOINTS: 'a.third=kill,a.second=throw' })
  expect(how).toBe(1)
  expect(complained).toContain('failpoint a.second')
})

it('says what it does not understand', () => {
  expect(reached({ NAC_BROKER_FAILPOINTS: 'a.first=explode' }).complained).toContain(
    'NAC_BROKER_FAILPOINTS: "a.first=explode" is not NAME=kill|stall|throw[@N]',
  )
})

it('tells which it has reached, each once', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const seen = path.join(directory, 'seen')
  reached({ NAC_BROKER_FAILPOINTS_SEEN: seen })
  expect(readFileSync(seen, 'utf8')).toBe('a.first\na.second\n')
})
