import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { openSession } from './open-session.ts'
import { loadTestbed } from './testbed/load.ts'

it('has a device in the README that can be logged in to, read and configured', async () => {
  const readme = await readFile(path.join(import.meta.dirname, '../README.md'), 'utf8')
  const script = /```sh\n(#!\/bin\/sh\n.*?)```/s.exec(readme)?.[1] ?? ''
  const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-readme-'))
  const file = path.join(folder, 'r1.sh')
  await writeFile(file, script)
  const testbed = path.join(folder, 'testbed.yaml')
  const device = `{os: iosxe, connections: {cli: {command: sh ${file}}}}`
  await writeFile(testbed, `devices: {r1: ${device}}\n`)
  const session = await openSession((await loadTestbed(testbed)).device('r1'))
  const limits = { timeoutMs: 10_000 }
  const output = await session.execute('show version', limits)
  expect(output.toString()).toBe('Cisco IOS XE Software, Version 17.09.04')
  await session.configure(['interface Loopback0', 'description x'], limits)
  await expect(session.execute('frobnicate', limits)).rejects.toMatchObject({
    code: 'COMMAND_REJECTED',
  })
  await session.close()
  await rm(folder, { recursive: true })
})
