import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { superviseBroker } from '../supervise-broker.ts'
import { keepingCompiledCode } from './compiled-code.ts'

it.each([
  ['the home directory', { HOME: '/h' }, '/h/.cache/nac-broker'],
  ["the user's cache folder", { HOME: '/h', XDG_CACHE_HOME: '/c' }, '/c/nac-broker'],
  ['the folder that Node is told', { HOME: '/h', NODE_COMPILE_CACHE: '/n' }, '/n'],
  ['no folder where there is no home', { XDG_CACHE_HOME: '' }, undefined],
])('compiled code is kept in %s', (_, env, folder) => {
  expect(keepingCompiledCode(env)['NODE_COMPILE_CACHE']).toBe(folder)
})

it.each(['thread', 'process'] as const)(
  'a broker in a %s leaves its compiled code behind for the next one, however it ends',
  async (host) => {
    const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-compiled-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    vi.stubEnv('NODE_DISABLE_COMPILE_CACHE', undefined)
    vi.stubEnv('NODE_COMPILE_CACHE', undefined)
    vi.stubEnv('XDG_CACHE_HOME', directory)
    onTestFinished(() => void vi.unstubAllEnvs())
    const socketPath = path.join(directory, 'broker.sock')
    await using broker = await superviseBroker({ host, socketPath, crashPolicy: 'abort' })
    const { pid } = await broker.status()
    if (host === 'process') {
      process.kill(pid, 'SIGKILL')
      await once(broker.lost, 'abort')
    }
    await broker.close()
    const kept = await readdir(path.join(directory, 'nac-broker'), { recursive: true })
    expect(kept.length).toBeGreaterThan(100)
  },
)
