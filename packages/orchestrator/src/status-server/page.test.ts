import { systemClock } from '@nac-broker/supervisor'
import { describe, expect, it } from 'vitest'
import { browserForTests, noChromium, timeout } from './open-page.fixture.ts'
import { startStatusServer } from './server.ts'
import { startWatchedBroker } from './watched-broker.fixture.ts'

const NOTHING = { devices: [], workers: [], clock: systemClock }

describe.skipIf(noChromium)('the status page in Chromium', { timeout }, () => {
  const open = browserForTests()

  it('shows devices, charts and events, and turns a row red when its device dies', async () => {
    await using lab = await startWatchedBroker()
    await using opened = await open(lab.server.url)
    const { page, trouble } = opened
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
    const places = async () =>
      Promise.all((await page.locator('#devices thead th').all()).map((th) => th.boundingBox()))
    const columns = await places()
    await lab.simulator.devices[0]?.stop()
    await row.getByText('failed').waitFor()
    await row.getByText(/^sim-1: .+ closed the session$/).waitFor()
    expect(await colour()).not.toBe(before)
    // What came into the last column has moved no other.
    expect(await places()).toEqual(columns)
    await page.getByRole('heading', { name: 'Broker up: 1 device failed' }).waitFor()
    expect(await page.title()).toBe('✖ 1 device failed, Broker up, nac-broker')
    // Without a reload: the page is still the one that was marked.
    expect(await page.evaluate(() => 'marked' in globalThis)).toBe(true)
    expect(trouble).toEqual([])
  })

  it('turns the row of what is watched red when it dies, and back when it is live again', async () => {
    await using lab = await startWatchedBroker()
    await using opened = await open(lab.server.url)
    const { page, trouble } = opened
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
  })

  it('shows generation 2 on the timeline when the broker was killed', async () => {
    await using lab = await startWatchedBroker()
    await using opened = await open(lab.server.url)
    const { page, trouble } = opened
    const { pid } = await lab.broker.status()
    process.kill(pid, 'SIGKILL')
    await page.locator('#generation-list').getByText('generation 2').waitFor()
    await page.locator('#generations rect').nth(1).waitFor({ state: 'attached' })
    await page.locator('#generation-list').getByText('lost:').waitFor()
    await page.getByRole('heading', { name: 'Broker up' }).waitFor()
    expect(await page.locator('#broker-facts').innerText()).toMatch(/restarts\s+1\b/i)
    expect(trouble).toEqual([])
  })

  it('says that its data is stale when the server is gone', async () => {
    await using lab = await startWatchedBroker()
    await using opened = await open(lab.server.url)
    await lab.server[Symbol.asyncDispose]()
    const connection = opened.page.getByRole('status')
    await connection.getByText('the server does not answer').waitFor()
    expect(await connection.textContent()).toMatch(
      /^Stale; what is below is the last that is known, of \d\d:\d\d:\d\d: /,
    )
  })

  it('filters its events by kind and by text, with the keyboard alone', async () => {
    await using lab = await startWatchedBroker()
    await using opened = await open(lab.server.url)
    const { page } = opened
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
  })

  it('keeps a failure in its list however many commands come after it', async () => {
    await using lab = await startWatchedBroker()
    await using opened = await open(lab.server.url)
    const { page } = opened
    const { status } = lab.server
    const command = { event: 'command', device: 'sim-1', via: 'broker', what: 'execute' } as const
    const ended = { ...command, from: 'device', attempts: 1, ms: 1 } as const
    const message = 'sim-1: cannot be reached'
    const code = 'DEVICE_UNREACHABLE'
    status.record({ event: 'login-failed', device: 'sim-1', code, message, retryAfterMs: 1 })
    status.record({ ...ended, command: 'show failing', code })
    for (let n = 1; n <= 5_000; n++) status.record({ ...ended, command: `show ${n}` })
    await page.getByLabel('Kind').selectOption('commands')
    const events = page.locator('#event-list')
    await events.getByText('show 5000').waitFor()
    await page.getByLabel('Kind').selectOption('failures')
    await events.getByText('show failing').waitFor()
    await events.getByText(message).waitFor()
    expect(await events.getByRole('listitem').count()).toBe(2)
  })

  it('has each event among those of the kind that it is of', async () => {
    await using server = await startStatusServer({ port: 0 }, NOTHING)
    const { status } = server
    status.record({ event: 'unit', unit: 'device r1', kind: 'device', state: 'failed', cause: 'c' })
    status.record({ event: 'unit', unit: 'session r1#2', kind: 'session', state: 'ready' })
    status.record({ event: 'unit', unit: 'worker w-1', kind: 'worker', state: 'ready' })
    status.record({ event: 'unit', unit: 'broker', kind: 'broker', state: 'ready' })
    status.record({ event: 'unit', unit: 'watch lab', kind: 'watch', state: 'ready' })
    status.record({ event: 'checkpoint', worker: 'w-1' })
    status.record({ event: 'waiting', workers: ['w-1', 'w-2'] })
    await using opened = await open(server.url)
    const { page } = opened
    const events = page.locator('#event-list')
    const listed = async (kind: string): Promise<string[]> => {
      await page.getByLabel('Kind').selectOption(kind)
      return events.locator('span:last-child').allTextContents()
    }
    await events.getByText('checkpoint').waitFor()
    const device = 'device r1 failed: c'
    expect(await listed('devices')).toEqual(['session r1#2 ready', device])
    expect(await listed('failures')).toEqual([device])
    expect(await listed('workers')).toEqual([
      'worker w-1',
      expect.stringMatching('^worker w-1 ready'),
    ])
    expect(await listed('broker')).toEqual([expect.stringMatching('^broker ready')])
    expect(await listed('watched')).toEqual([expect.stringMatching('^watch lab ready')])
    expect(await listed('commands')).toEqual(['workers w-1 w-2'])
    expect(await listed('')).toHaveLength(6)
  })

  it('takes its token from its address and fits onto a phone, causes of failures too', async () => {
    await using lab = await startWatchedBroker({ token: 'right' })
    const viewport = { width: 360, height: 740 }
    await using opened = await open(`${lab.server.url}?token=right`, { viewport })
    const { page } = opened
    await lab.client.execute('sim-1', 'show version')
    await lab.simulator.devices[0]?.stop()
    const cause = page.locator('#device-rows').getByText(/closed the session$/)
    await cause.waitFor()
    const { x = 0, width = 0 } = (await cause.boundingBox()) ?? {}
    expect(width).toBeGreaterThan(200)
    expect(x + width).toBeLessThanOrEqual(360)
    const tooWide = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    expect(tooWide).toBeLessThanOrEqual(0)
    expect(await page.getByRole('link', { name: 'metrics' }).getAttribute('href')).toContain(
      'token=right',
    )
  })
})
