import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium, launchChromium } from './chromium.fixture.ts'
import { startWatchedBroker, type WatchedBroker } from './watched-broker.fixture.ts'

const chromium = findChromium()

/** A browser on a machine that has much else to do. */
const timeout = 60_000

describe.skipIf(chromium === undefined)('the status page in Chromium', { timeout }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium(chromium ?? '')
  }, timeout)
  afterAll(async () => browser.close())

  /** Everything that the browser complained of or asked others for is in `trouble`. */
  const openPage = async (lab: WatchedBroker): Promise<{ page: Page; trouble: string[] }> => {
    const page = await browser.newPage()
    const trouble: string[] = []
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') trouble.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(lab.server.url) && !request.url().startsWith('data:'))
        trouble.push(request.url())
    })
    await page.goto(lab.server.url)
    await page.getByRole('heading', { name: 'Broker up' }).waitFor()
    return { page, trouble }
  }

  it('shows devices, charts and events, and turns a row red when its device dies', async () => {
    await using lab = await startWatchedBroker()
    const { page, trouble } = await openPage(lab)
    const row = page.getByRole('row', { name: 'sim-1' })
    await row.getByText('idle').waitFor()
    await lab.client.execute('sim-1', 'show version')
    await row.getByText('ready').waitFor()
    await page.locator('#event-list').getByText('session-opened').first().waitFor()
    await page.locator('#rate-chart canvas').waitFor()

    await page.evaluate(() => Object.assign(globalThis, { marked: true }))
    const colour = (): Promise<string> =>
      page.evaluate<string>(
        `getComputedStyle(document.querySelector('[data-device="sim-1"] th')).backgroundColor`,
      )
    const before = await colour()
    await lab.simulator.devices[0]?.stop()
    await row.getByText('failed').waitFor()
    await row.getByText(/^sim-1: .+ closed the session$/).waitFor()
    expect(await colour()).not.toBe(before)
    // Without a reload: the page is still the one that was marked.
    expect(await page.evaluate(() => 'marked' in globalThis)).toBe(true)
    expect(trouble).toEqual([])
    await page.close()
  })

  it('turns the row of what is watched red when it dies, and back when it is live again', async () => {
    await using lab = await startWatchedBroker()
    const { page, trouble } = await openPage(lab)
    const watched = { event: 'unit', unit: 'watch lab', kind: 'watch' } as const
    lab.broker.tell({ ...watched, state: 'ready' })
    const row = page.getByRole('row', { name: 'lab' })
    await row.getByText('ready').waitFor()
    lab.broker.tell({ ...watched, state: 'failed', cause: 'systemctl says "inactive"' })
    await row.getByText('systemctl says "inactive"').waitFor()
    expect(await row.getAttribute('class')).toBe('failed')
    lab.broker.tell({ ...watched, state: 'ready' })
    await row.getByText('ready').waitFor()
    expect(await row.getAttribute('class')).toBe('ready')
    expect(trouble).toEqual([])
    await page.close()
  })

  it('shows generation 2 on the timeline when the broker was killed', async () => {
    await using lab = await startWatchedBroker()
    const { page, trouble } = await openPage(lab)
    const { pid } = await lab.broker.status()
    process.kill(pid, 'SIGKILL')
    await page.locator('#generation-list').getByText('generation 2').waitFor()
    await page.locator('#generations rect').nth(1).waitFor({ state: 'attached' })
    await page.locator('#generation-list').getByText('lost:').waitFor()
    await page.getByRole('heading', { name: 'Broker up' }).waitFor()
    expect(trouble).toEqual([])
    await page.close()
  })

  it('says that its data is stale when the server is gone', async () => {
    await using lab = await startWatchedBroker()
    const { page } = await openPage(lab)
    await lab.server[Symbol.asyncDispose]()
    const connection = page.getByRole('status')
    await connection.getByText('the server does not answer').waitFor()
    expect(await connection.textContent()).toMatch(/^Stale since \d\d:\d\d:\d\d/)
    await page.close()
  })

  it('filters its events by kind and by text, with the keyboard alone', async () => {
    await using lab = await startWatchedBroker()
    const { page } = await openPage(lab)
    await lab.client.execute('sim-1', 'show version')
    await lab.client.execute('sim-2', 'show clock')
    const events = page.locator('#event-list')
    await events.getByText('session-opened').nth(1).waitFor()
    await page.getByLabel('Kind').focus()
    await page.keyboard.type('commands')
    await events.getByText('show version').waitFor()
    await events.getByText('show clock').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type('sim-2')
    await events.getByText('show version').waitFor({ state: 'detached' })
    expect(await events.getByText('show clock').count()).toBe(1)
    await page.close()
  })

  it('takes its token from its address and fits onto a phone', async () => {
    await using lab = await startWatchedBroker({ token: 'right' })
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } })
    await page.goto(`${lab.server.url}?token=right`)
    await page.getByRole('heading', { name: 'Broker up' }).waitFor()
    const tooWide = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    expect(tooWide).toBeLessThanOrEqual(0)
    expect(await page.getByRole('link', { name: 'metrics' }).getAttribute('href')).toContain(
      'token=right',
    )
    await page.close()
  })
})
