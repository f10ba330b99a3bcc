import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunLab, shell, startRunLab } from './run.fixture.ts'

let lab: RunLab

beforeAll(async () => {
  lab = await startRunLab()
})

afterAll(() => lab[Symbol.asyncDispose]())

/** The lab's device, and one with such a name behind which nobody listens. */
async function testbedWith(odd: string): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  const text = await readFile(lab.path('testbed.yaml'), 'utf8')
  const connection = `{protocol: ssh, ip: 127.0.0.1, port: ${port}}`
  const device = `  ${JSON.stringify(odd)}:\n    os: iosxe\n    connections: {cli: ${connection}}\n`
  const file = lab.path('odd.yaml')
  await writeFile(file, text.trimEnd() + `\n${device}`)
  return file
}

const ODD = 'w/../../x y'

it('writes into the folder of the report, whatever a device is called, why nobody could log in', async () => {
  const reportDir = lab.path('odd')
  const failurePolicy = { name: 'best_effort' } as const
  const testbed = await testbedWith(ODD)
  await lab.run([shell('true', 1)], { testbed, reportDir, failurePolicy })
  const logs = await readdir(path.join(reportDir, 'devices'))
  expect(logs.toSorted()).toEqual(['sim-1.log', 'w%2F..%2F..%2Fx%20y.log'])
  const log = await readFile(path.join(reportDir, 'devices', 'w%2F..%2F..%2Fx%20y.log'), 'utf8')
  expect(log).toMatch(/Z login-failed code=DEVICE_UNREACHABLE message=".*" retryAfterMs=.* steps=/)
  expect(log).toMatch(/Z unit state=failed cause=".*refused/)
  expect(log).toMatch(/Z command .*what=connect .*code=DEVICE_UNREACHABLE/)
})

it('begins anew with a run, and goes on with one that is resumed', async () => {
  const reportDir = lab.path('again')
  const lines = async (): Promise<string[]> => {
    const log = await readFile(path.join(reportDir, 'devices', 'sim-1.log'), 'utf8')
    return log
      .split('\n')
      .filter((line) => / (session-opened|orchestrator-lost|run-resumed)\b/.test(line))
  }
  const worker = shell('exit 1', 1)
  await lab.run([worker], { reportDir })
  await lab.run([worker], { reportDir })
  const before = await lines()
  expect(before).toHaveLength(1)
  await lab.run([worker], { reportDir, resume: true })
  // It had ended in good order.
  expect(await lines()).toEqual([
    ...before,
    expect.stringContaining('run-resumed'),
    expect.stringContaining('session-opened'),
  ])
})
