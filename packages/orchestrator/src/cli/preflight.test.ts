import { readFile, writeFile } from 'node:fs/promises'
import { parse, stringify } from 'yaml'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DifficultLab, startDifficultLab } from '../preflight/difficult-lab.fixture.ts'
import type { PreflightReport } from '../preflight/report.ts'
import { type Folder, nacBroker, Running, temporaryFolder } from './command-line.fixture.ts'

let lab: DifficultLab
let folder: Folder

beforeAll(async () => {
  ;[lab, folder] = await Promise.all([startDifficultLab(), temporaryFolder()])
})

afterAll(async () => {
  await lab[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** A testbed with these devices of the lab's. */
async function testbedOf(...names: string[]): Promise<string> {
  const written = parse(await readFile(lab.testbed, 'utf8')) as { devices: Record<string, unknown> }
  const devices = Object.fromEntries(names.map((name) => [name, written.devices[name]]))
  const file = folder.path(`${names.join('-')}.yaml`)
  await writeFile(file, stringify({ ...written, devices }, { lineWidth: 0 }))
  return file
}

it('prints a line for each device, a table and hints, and exits 5 naming the unreachable', async () => {
  const testbed = await testbedOf('ok', 'closed', 'foreign')
  const { code, stdout, stderr } = await nacBroker(['preflight', '--testbed', testbed])
  expect({ code, stderr }).toEqual({ code: 5, stderr: '' })
  expect(stdout).toMatch(/^ok: ready after [\d.]+ ms$/m)
  expect(stdout).toMatch(/^closed: not ready after [\d.]+ ms: tcp: DEVICE_UNREACHABLE$/m)
  expect(stdout).toMatch(/^device \(ms\) +resolve +tcp +banner +host-key +login +prompt +total$/m)
  expect(stdout).toMatch(/^ok +([\d.]+ +){7}ready$/m)
  expect(stdout).toMatch(/^closed +[\d.]+ +failed \([\d.]+\) +[\d.]+ +DEVICE_UNREACHABLE$/m)
  expect(stdout).toMatch(
    /^DEVICE_UNREACHABLE: closed: .* connection refused.*\n {2}is SSH enabled/m,
  )
  expect(stdout).toMatch(/^foreign: skipped: .*os "junos"/m)
  expect(stdout).toMatch(/^1 of 2 devices ready; unreachable: closed\n$/m)
})

it('exits 0 when every device is ready', async () => {
  const exited = await nacBroker(['preflight', '--testbed', await testbedOf('ok')])
  expect(exited.code).toBe(0)
  expect(exited.stdout).toMatch(/^1 of 1 devices ready\n$/m)
})

it('prints one JSON document when asked to, and takes its limits from the config', async () => {
  const testbed = await testbedOf('ok', 'silent')
  await writeFile(folder.path('c.yaml'), `testbed: ${testbed}\nbroker: {login_timeout_ms: 3000}\n`)
  const { code, stdout } = await nacBroker([
    'preflight',
    '--config',
    folder.path('c.yaml'),
    '--json',
  ])
  expect(code).toBe(5)
  const report = JSON.parse(stdout) as PreflightReport
  expect(report).toMatchObject({
    devices: [
      { device: 'ok', ok: true },
      {
        device: 'silent',
        ok: false,
        steps: [
          { step: 'resolve', ok: true },
          { step: 'tcp', ok: true },
          { step: 'banner', ok: false, error: { code: 'DEVICE_UNREACHABLE' } },
        ],
      },
    ],
    unreachable: ['silent'],
    skipped: [],
  })
  expect(report.devices[1]?.steps.at(-1)?.error?.message).toContain('within 3000 ms')
})

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('ends at once on %s, with exit code %i', async (signal, code) => {
  const testbed = await testbedOf('ok', 'silent')
  await using running = new Running(['preflight', '--testbed', testbed])
  await running.lineMatching(/^ok: ready/)
  running.process.kill(signal)
  expect(await running.exited).toMatchObject({ code, stderr: '' })
})

it('exits 5 from a run whose preflight failed, unless there is to be none', async () => {
  const args = ['--testbed', await testbedOf('closed'), '--', 'true']
  const cwd = folder.path()
  const stopped = await nacBroker(['run', ...args], { cwd })
  expect(stopped.code).toBe(5)
  expect(stopped.stdout).toMatch(/^preflight: 0 of 1 devices ready; unreachable: closed$/m)
  expect(stopped.stdout).toMatch(
    /^FAILED: 1 never started \(preflight: 1 of 1 devices cannot be used/m,
  )
  expect((await nacBroker(['run', '--no-preflight', ...args], { cwd })).code).toBe(0)
  await writeFile(folder.path('nac-broker.yaml'), 'preflight: false\n')
  expect((await nacBroker(['run', ...args], { cwd })).code).toBe(0)
})
