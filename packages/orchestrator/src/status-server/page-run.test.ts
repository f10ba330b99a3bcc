import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { startRunLab } from '../run.fixture.ts'
import { browserForTests, noChromium, timeout } from './open-page.fixture.ts'

/** Says twice how far it has come, and then waits for a file. */
const WORKER = `
  import { setTimeout as sleep } from 'node:timers/promises'
  import { existsSync } from 'node:fs'
  import { connect } from '@nac-broker/client'
  await using client = await connect()
  await client.execute('sim-1', 'show version')
  await client.checkpoint(1)
  await client.checkpoint(2)
  while (!existsSync(process.env.GO_FILE)) await sleep(20)`

describe.skipIf(noChromium)('the status page of a whole run', { timeout }, () => {
  const open = browserForTests()

  it('shows its workers, what it watches, what has failed of them, and how it ended', async () => {
    await using lab = await startRunLab()
    const [go, state] = [lab.path('go'), lab.path('state')]
    await writeFile(state, 'active\n')
    const url = Promise.withResolvers<string>()
    const asking = [process.execPath, '--input-type=module', '--eval', WORKER]
    const one = { kind: 'one' } as const
    const running = lab.run(
      [
        { name: 'asking', command: asking, instances: one, env: { GO_FILE: go } },
        { name: 'failing', command: ['sh', '-c', 'exit 3'], instances: one },
      ],
      {
        failurePolicy: { name: 'best_effort' },
        watch: [{ name: 'lab', command: ['cat', state], everyMs: 100, live: ['active'] }],
        status: { port: 0 },
      },
      { onEvent: (event) => event.event === 'status-server' && url.resolve(event.url) },
    )
    await using opened = await open(await url.promise)
    const { page, trouble } = opened
    const row = (name: string) => page.getByRole('row', { name })
    const cell = (name: string, index: number, hasText: RegExp) =>
      row(name).getByRole('cell').nth(index).filter({ hasText })

    await row('asking').getByText('running').waitFor()
    await cell('asking', 2, /^1$/).waitFor()
    await cell('asking', 3, /^2$/).waitFor()
    await row('failing').getByText('exit code 3').waitFor()
    await page.getByText('1 of 2 are over').waitFor()
    await page.getByRole('heading', { name: 'Broker up: 1 worker failed' }).waitFor()

    await row('lab').getByText('ready').waitFor()
    await writeFile(state, 'inactive\n')
    await row('lab').getByText('inactive').waitFor()
    await page.getByRole('heading', { name: '1 worker and 1 watch failed' }).waitFor()
    expect(await page.title()).toMatch(/^✖ 1 worker and 1 watch failed/)
    await page.getByRole('listitem').getByText('✖ 1 failed').first().waitFor()

    await writeFile(go, '')
    await page.getByRole('heading', { name: 'Run over: PARTIAL' }).waitFor()
    await row('asking').getByText('passed').waitFor()
    await page.getByRole('status').getByText('The run is over').waitFor()
    const { report } = await running
    expect(report.status).toBe('PARTIAL')
    // That nobody answers any more is what the browser complains of.
    expect(trouble.filter((words) => !words.includes('ERR_'))).toEqual([])
  })
})
