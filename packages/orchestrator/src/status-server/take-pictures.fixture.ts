/**
 * Takes the pictures of the status page that stand in the docs: `node` with this file, and Chromium. They are of a
 * real run with simulated devices.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startSimulator } from '@nac-broker/devices'
import { systemClock } from '@nac-broker/supervisor'
import type { Browser, Page } from 'playwright-core'
import { run } from '../run.ts'
import { findChromium, launchChromium } from './chromium.fixture.ts'

const IMAGES = path.join(import.meta.dirname, '../../../../docs/images')
const DEVICES = 6
const WORKERS = 5
/** Until the charts have something to show. */
const BUSY_MS = 25_000

/** Reads now this and now that of each device, for as long as it is let. */
const WORKER = `
  import { setTimeout as sleep } from 'node:timers/promises'
  import { connect } from '@nac-broker/client'
  const lines = ['show version', 'show ip interface brief', 'show inventory', 'show clock', 'show interfaces']
  await using client = await connect()
  for (let step = 1; ; step++) {
    const device = 'sim-' + (1 + (step * 7 + process.pid) % ${DEVICES})
    await client.execute(device, lines[step % lines.length], { cache: step % 4 > 0 }).catch(() => {})
    if (step % 50 === 0) await client.checkpoint({ step })
    await sleep(5 + 40 * Math.random())
  }`

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
  const testbed = path.join(folder, 'testbed.yaml')
  await simulator.writeTestbed(testbed)
  const url = Promise.withResolvers<string>()
  const over = new AbortController()
  const command = [process.execPath, '--input-type=module', '--eval', WORKER]
  const running = run(
    {
      testbed,
      workers: [{ name: 'bgp', command, instances: { kind: 'count', count: WORKERS } }],
      reportDir: path.join(folder, 'report'),
      status: { port: 0 },
    },
    {
      signal: over.signal,
      onEvent(event) {
        if (event.event === 'status-server') url.resolve(event.url)
      },
    },
  )
  const page = await openPage(shown, await url.promise)
  await page.getByRole('row', { name: 'sim-1' }).waitFor()
  await picture(page, 'quiet')
  await systemClock.sleep(BUSY_MS)
  await picture(page, 'busy')
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture(page, 'dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await simulator.devices[2]?.stop()
  await page.getByRole('row', { name: 'sim-3' }).getByText('failed').waitFor()
  await picture(page, 'failed')
  await page.setViewportSize({ width: 390, height: 1300 })
  await picture(page, 'phone')
  over.abort()
  await running
}

async function openPage(shown: Browser, url: string): Promise<Page> {
  const page = await shown.newPage({ viewport: { width: 1200, height: 1160 } })
  await page.goto(url)
  return page
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(IMAGES, `status-${name}.png`) })
}
