import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startSimulator } from '@nac-broker/devices'
import { run } from '@nac-broker/orchestrator'
import { expect, it } from 'vitest'

/** A string that stands nowhere else in the world. */
const PASSWORD = `canary-${randomUUID()}`

it("has no password in any file of a run's report, of whatever its workers fail", async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-report-secrets-'))
  await using simulator = await startSimulator({ devices: 2, password: PASSWORD })
  try {
    const testbed = path.join(directory, 'testbed.yaml')
    await simulator.writeTestbed(testbed)
    const reportDir = path.join(directory, 'report')
    const program = path.join(import.meta.dirname, 'secret-worker.fixture.ts')
    const { status } = await run({
      testbed,
      workers: [
        {
          name: 'w',
          command: [process.execPath, program],
          instances: { kind: 'one' },
          env: { DEVICE_SECRET: PASSWORD },
        },
      ],
      reportDir,
    })
    expect(status).toBe('FAILED')
    const entries = await readdir(reportDir, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile())
    const texts = await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const file = path.join(parentPath, name)
        return [path.relative(reportDir, file), await readFile(file, 'latin1')] as const
      }),
    )
    const told = Object.fromEntries(texts)
    // What the worker has failed of is told, and not what the device repeated of it.
    expect(told['report.json']).toContain('COMMAND_REJECTED')
    expect(told['workers/w.log']).toContain('COMMAND_REJECTED')
    expect(texts.filter(([, text]) => text.includes(PASSWORD)).map(([name]) => name)).toEqual([])
    expect(Object.keys(told)).toEqual(
      expect.arrayContaining(['report.html', 'report.json', 'junit.xml', 'devices/sim-1.log']),
    )
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
