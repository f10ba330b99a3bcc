import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { openRunStore, ownerOf, type ProcessIdentity, type RunStore } from '@nac-broker/run-store'
import { systemClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { type RunLab, shell, startRunLab } from './run.fixture.ts'

/** An orchestrator in a container, whose pids mean nothing here. */
const ELSEWHERE = { pidNamespace: '1', pid: 7, startTicks: 1 }

function openAs(file: string, self: ProcessIdentity): Promise<RunStore> {
  return openRunStore(file, { processes: { self, isGone: () => false } })
}

/** A run whose orchestrator was killed there, with its broker and a client that had a session of its own. */
async function killedElsewhere(lab: RunLab, reportDir: string): Promise<string> {
  const { report } = await lab.run([shell('exit 3', 1)], { reportDir })
  const identity = JSON.stringify(ELSEWHERE)
  const line = `{"line":"orchestrator","process":${identity}}\n`
  await appendFile(path.join(reportDir, 'journal.jsonl'), line)
  await mkdir(path.join(reportDir, '.nac-broker-in-use'))
  await writeFile(path.join(reportDir, '.nac-broker-in-use', 'id'), identity)

  const storeFile = path.join(reportDir, `run-${report.runId}.store`)
  await using store = await openAs(storeFile, ELSEWHERE)
  await store.generations.begin(2, store.ownerOf(2))
  const limits = { maxPerDevice: 2, maxTotal: 9, deadlineMs: systemClock.now() + 10_000 }
  await store.ledger.acquire({ device: 'sim-1', owner: store.ownerOf(2), ...limits })
  await store.ledger.acquire({ device: 'sim-1', owner: store.ownerOf(null), ...limits })
  // Of yet another namespace, about which nobody has said anything.
  const stranger = { ...ELSEWHERE, pidNamespace: '2', generation: null }
  await store.ledger.acquire({ device: 'other', owner: stranger, ...limits })
  return storeFile
}

it('a run that was killed in another container is resumed once somebody says that it is gone', async () => {
  await using lab = await startRunLab()
  const reportDir = lab.path('report')
  const storeFile = await killedElsewhere(lab, reportDir)
  const hold = path.join(reportDir, '.nac-broker-in-use')
  const refused = {
    code: 'CONFIG_INVALID',
    message: `${reportDir} belongs to a run of pid 7 in another pid namespace (a container), and nobody can tell from here whether it goes on; if it does not, remove ${hold}, else choose another --report-dir`,
  }
  const config = { reportDir, resume: true }
  await expect(lab.run([shell('true', 1)], config)).rejects.toMatchObject(refused)
  await expect(lab.run([shell('true', 1)], { reportDir })).rejects.toMatchObject(refused)

  await rm(hold, { recursive: true })
  const { report } = await lab.run([shell('true', 1)], config)
  expect(report).toMatchObject({
    status: 'COMPLETE',
    resumed: 2,
    preflight: { unreachable: [] },
    broker: { generation: 3 },
  })
  await using store = await openAs(storeFile, ownerOf(null))
  expect(await store.ledger.leases()).toMatchObject([{ device: 'other' }])
})
