/**
 * Takes the pictures of the status page and of a report that stand in the docs: `node` with this file, and
 * Chromium. They are of one real run with simulated devices.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { startSimulator } from '@nac-broker/devices'
import { systemClock } from '@nac-broker/supervisor'
import type { Browser, Page } from 'playwright-core'
import { run } from '../run.ts'
import { findChromium, launchChromium } from './chromium.fixture.ts'

const IMAGES = path.join(import.meta.dirname, '../../../../docs/images')
const DEVICES = 6
const ASKING = 5
/** Until the charts have something to show, and then as long again with another broker. */
const BUSY_MS = 15_000
/** Until all have the next status, and the charts the last second. */
const SETTLED_MS = 2_500
const DESKTOP = { width: 1200, height: 900 }
const PHONE = { width: 390, height: 844 }

/** Reads now this and now that of each device, from when there is one file to when there is another. */
const ASKS = `
  import { existsSync } from 'node:fs'
  import { setTimeout as sleep } from 'node:timers/promises'
  import { connect } from '@nac-broker/client'
  const lines = ['show version', 'show ip interface brief', 'show inventory', 'show clock', 'show interfaces']
  await using client = await connect()
  while (!existsSync(process.env.BUSY_FILE)) await sleep(50)
  for (let step = 1; !existsSync(process.env.OVER_FILE); step++) {
    const device = 'sim-' + (1 + (step * 7 + process.pid) % ${DEVICES})
    await client.execute(device, lines[step % lines.length], { cache: step % 4 > 0 }).catch(() => {})
    if (step % 150 === 0) await client.checkpoint({ step })
    await sleep(5 + 40 * Math.random())
  }`

/** Fails after three seconds, at its first attempt or at each. */
const FAILS = 'while [ ! -e "$BUSY_FILE" ]; do sleep 0.1; done; sleep 3; echo "$FAILURE"; exit 1'
const FAILS_ONCE = `[ "$NAC_BROKER_ATTEMPT" = 1 ] || exec sleep 5; ${FAILS}`

const chromium = findChromium()
if (chromium === undefined) throw new Error('there is no Chromium; install one')
const browser = await launchChromium(chromium)
const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-pictures-'))
const simulator = await startSimulator({ devices: DEVICES, latencyMs: 20 })
try {
  await mkdir(IMAGES, { recursive: true })
  await pictures(browser)
} finally {
  await browser.close()
  await simulator.close()
  await rm(folder, { recursive: true, force: true })
}

async function pictures(shown: Browser): Promise<void> {
  const [testbed, lab] = [path.join(folder, 'testbed.yaml'), path.join(folder, 'lab')]
  const [busy, over] = [path.join(folder, 'busy'), path.join(folder, 'over')]
  await simulator.writeTestbed(testbed)
  await writeFile(lab, 'active\n')
  const url = Promise.withResolvers<string>()
  const brokerPid = Promise.withResolvers<number>()
  const env = { BUSY_FILE: busy, OVER_FILE: over }
  const worker = (name: string, command: readonly string[], failure = '') => ({
    name,
    command,
    instances: { kind: 'one' } as const,
    env: { ...env, FAILURE: failure },
  })
  const asks = [process.execPath, '--input-type=module', '--eval', ASKS]
  const reportDir = path.join(folder, 'report')
  const running = run(
    {
      testbed,
      workers: [
        { ...worker('bgp', asks), instances: { kind: 'count', count: ASKING } },
        worker('acl', ['sh', '-c', FAILS_ONCE], 'acl: r2 did not answer in time'),
        worker('vlan', ['sh', '-c', FAILS], 'vlan: 12 of 14 VLANs are as they should be'),
      ],
      failurePolicy: { name: 'best_effort', retryAttempts: 1, retryDelayMs: 5_000 },
      broker: { host: 'process' },
      watch: [{ name: 'lab', command: ['cat', lab], everyMs: 500, live: ['active'] }],
      reportDir,
      status: { port: 0 },
    },
    {
      onEvent(event) {
        if (event.event === 'status-server') url.resolve(event.url)
        if (event.event === 'started' && event.brokerPid) brokerPid.resolve(event.brokerPid)
      },
    },
  )
  const page = await openPage(shown, await url.promise)
  await page.getByRole('row', { name: 'bgp-5' }).getByText('running').waitFor()
  await picture(page, 'status-quiet')
  await writeFile(busy, '')
  await systemClock.sleep(BUSY_MS)
  process.kill(await brokerPid.promise, 'SIGKILL')
  await systemClock.sleep(BUSY_MS)
  await picture(page, 'status-busy')
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture(page, 'status-dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await simulator.devices[2]?.stop()
  await writeFile(lab, 'inactive\n')
  await page.getByRole('row', { name: 'sim-3' }).getByText('failed').waitFor()
  await page.getByRole('row', { name: 'lab' }).getByText('failed').waitFor()
  await page.getByLabel('Kind').selectOption('failures')
  await picture(page, 'status-failed')
  await page.setViewportSize(PHONE)
  await picture(page, 'status-phone')
  await writeFile(over, '')
  await running
  await page.close()

  const report = await openPage(shown, pathToFileURL(path.join(reportDir, 'report.html')).href)
  await picture(report, 'report')
  await report.setViewportSize(PHONE)
  await picture(report, 'report-phone')
}

async function openPage(shown: Browser, url: string): Promise<Page> {
  const page = await shown.newPage({ viewport: DESKTOP })
  await page.goto(url)
  return page
}

/** Of all of it, when it is as it stays. */
async function picture(page: Page, name: string): Promise<void> {
  await systemClock.sleep(SETTLED_MS)
  await page.screenshot({ path: path.join(IMAGES, `${name}.png`), fullPage: true })
}
