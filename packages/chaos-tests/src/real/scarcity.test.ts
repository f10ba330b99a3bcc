/** That what is to be scarce in schedules is. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposableSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { limitDescriptors } from './descriptor-limit.ts'
import { enablePids, limitProcesses } from './process-limit.ts'
import { withoutPrivileges } from './without-privileges.ts'
import { mountSmallDisk } from './small-disk.ts'

/** Each line that it is sent is code; it answers with the code of the error of that, or "done". */
const OBEYS = `
  const { spawnSync } = require('node:child_process')
  const { openSync } = require('node:fs')
  require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
    try { await eval(line); console.log('done') } catch (error) { console.log(error.code) }
  })
`

function startObedient(): {
  pid: number
  do: (code: string) => Promise<string>
  kill: () => Promise<void>
  [Symbol.asyncDispose]: () => Promise<void>
} {
  const child = spawn(process.execPath, ['--eval', OBEYS], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const answers = createInterface({ input: child.stdout })
  if (child.pid === undefined) throw new Error('it was not started')
  return {
    pid: child.pid,
    async do(code) {
      child.stdin.write(`${code}\n`)
      const [answer] = (await once(answers, 'line')) as [string]
      return answer
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await exited
    },
  }
}

it('a process opens as many descriptors as are left to it, until the limit is lifted', async () => {
  await using child = startObedient()
  const opens = "openSync('/dev/null')"
  expect(await child.do(opens)).toBe('done')
  limitDescriptors(child.pid, 2)
  const opened = [await child.do(opens), await child.do(opens), await child.do(opens)]
  expect(opened).toEqual(['done', 'done', 'EMFILE'])
  limitDescriptors(child.pid, undefined)
  expect(await child.do(opens)).toBe('done')
})

it('what has no permissions a process without privileges cannot open, ours neither', () => {
  using directory = mkdtempDisposableSync(path.join(tmpdir(), 'nac-broker-forbidden-'))
  const file = path.join(directory.path, 'file')
  writeFileSync(file, 'text', { mode: 0o000 })
  const { execPath, execArgv } = withoutPrivileges()
  const opens = `try { require('node:fs').openSync('${file}') } catch (e) { console.log(e.code) }`
  const { stdout } = spawnSync(execPath, [...execArgv, '--eval', opens], { encoding: 'utf8' })
  expect(stdout.trim()).toBe('EACCES')
})

/** Asked once: what cannot be had here is skipped by name. */
function canMount(): boolean {
  using disk = mountSmallDisk()
  return disk !== undefined
}

function canRefuseProcesses(): boolean {
  using limit = limitProcesses()
  return limit !== undefined
}

it.runIf(canMount())('nothing can be written to a full disk, until it is freed', () => {
  using disk = mountSmallDisk()
  if (!disk) throw new Error('no disk was mounted')
  const file = path.join(disk.directory, 'file')
  disk.fill()
  expect(() => writeFileSync(file, 'text')).toThrow('ENOSPC')
  disk.free()
  writeFileSync(file, 'text')
})

it.runIf(canMount())(
  'the disk of a process that was killed is unmounted by the next one that needs one',
  async () => {
    const child = startObedient()
    const module = JSON.stringify(path.join(import.meta.dirname, 'small-disk.ts'))
    expect(await child.do(`import(${module}).then((m) => m.mountSmallDisk())`)).toBe('done')
    const ofChild = `nac-broker-disk-${child.pid}-`
    const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith(ofChild))
    {
      using _disk = mountSmallDisk()
      expect(left()).toHaveLength(1)
    }
    await child.kill()
    using _disk = mountSmallDisk()
    expect(left()).toEqual([])
  },
)

it.runIf(canRefuseProcesses())(
  'no process is started while processes are refused, not by root either',
  async () => {
    await using child = startObedient()
    const module = JSON.stringify(path.join(import.meta.dirname, 'process-limit.ts'))
    expect(await child.do(`import(${module}).then((m) => (limit = m.limitProcesses()))`)).toBe(
      'done',
    )
    const starts = "Object.assign(new Error(), spawnSync('true').error ?? { code: 'done' })"
    const code = `{ const e = ${starts}; if (e.code !== 'done') throw e }`
    await child.do('limit.refuse(true)')
    expect(await child.do(code)).toBe('EAGAIN')
    await child.do('limit.refuse(false)')
    expect(await child.do(code)).toBe('done')
    expect(await child.do('limit[Symbol.dispose]()')).toBe('done')
  },
)

it('the group that counts processes is asked to do so once, where it must be asked', () => {
  using directory = mkdtempDisposableSync(path.join(tmpdir(), 'nac-broker-group-'))
  enablePids(directory.path)
  expect(readdirSync(directory.path)).toEqual([])
  const control = path.join(directory.path, 'cgroup.subtree_control')
  writeFileSync(control, 'cpu memory\n')
  enablePids(directory.path)
  expect(readFileSync(control, 'utf8')).toBe('+pids')
  writeFileSync(control, 'cpu pids\n')
  enablePids(directory.path)
  expect(readFileSync(control, 'utf8')).toBe('cpu pids\n')
})
