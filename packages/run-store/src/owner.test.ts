import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ownerOf, processIsGone } from './owner.ts'

function start(...command: string[]): ChildProcess & { pid: number } {
  const [file = '', ...args] = command
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  if (child.pid === undefined) throw new Error(`${file} did not start`)
  return child as ChildProcess & { pid: number }
}

it('takes a living process for living, and a dead one for gone', async () => {
  const child = start('cat')
  const owner = ownerOf(null, child.pid)
  expect(processIsGone(owner)).toBe(false)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(processIsGone(owner)).toBe(true)
})

it('takes a stopped process for living', async () => {
  const child = start('cat')
  const owner = ownerOf(null, child.pid)
  child.kill('SIGSTOP')
  expect(processIsGone(owner)).toBe(false)
})

describe.skipIf(!existsSync('/proc/self/stat'))('where there is a /proc', () => {
  it('tells a process from an earlier one with the same pid', () => {
    const owner = ownerOf(null)
    expect(processIsGone({ ...owner, startTicks: (owner.startTicks ?? 0) - 1 })).toBe(true)
  })

  it('never judges a process of another pid namespace', () => {
    const dead = { pidNamespace: '1', pid: 2 ** 22 + 1, startTicks: 1 }
    expect(processIsGone(dead)).toBe(false)
    expect(processIsGone({ ...dead, pidNamespace: ownerOf(null).pidNamespace })).toBe(true)
  })

  it('takes a dead process whose parent has not asked for its exit code for gone', async () => {
    // The shell becomes a cat, which never waits for the child that it does not know of.
    const parent = start('sh', '-c', 'exec 3<&0; cat <&3 >/dev/null & echo $!; exec cat')
    if (!parent.stdout) throw new Error('no stdout')
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(line.toString())
    const owner = ownerOf(null, pid)
    expect(processIsGone(owner)).toBe(false)
    // A shell that is still one would ask for its exit code.
    const isCat = (): boolean => readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'cat\n'
    while (!isCat()) await new Promise((resolve) => void setImmediate(resolve))
    process.kill(pid, 'SIGKILL')
    // No event tells of it: the kernel needs a moment, the test's own timeout bounds this.
    while (!processIsGone(owner)) await new Promise((resolve) => void setImmediate(resolve))
    expect(() => process.kill(pid, 0)).not.toThrow()
  })
})
