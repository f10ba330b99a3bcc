import { describe, expect, it } from 'vitest'
import { browserForTests, noChromium, timeout } from './open-page.fixture.ts'
import { startSilentProxy } from './silent-proxy.fixture.ts'
import { startWatchedBroker } from './watched-broker.fixture.ts'

const DAY_MS = 86_400_000

describe.skipIf(noChromium)('the status page and its server', { timeout }, () => {
  const open = browserForTests()

  it('gives a connection up that is open and silent, and goes on where it was with another', async () => {
    await using lab = await startWatchedBroker()
    await using proxy = await startSilentProxy(lab.server.url)
    await using opened = await open(proxy.url, { prepare: (page) => page.clock.install() })
    const { page } = opened
    const sessions = page.locator('#event-list').getByText('session-opened')
    await lab.client.execute('sim-1', 'show version')
    await sessions.first().waitFor()
    proxy.silenceStreams()
    const silentMs = Date.now()
    await lab.client.execute('sim-2', 'show version')
    await page.clock.fastForward(15_000)
    const stale = page.getByText('nothing was heard of the server for 15 s')
    // Of when the last word came, and not of when it was missed.
    const [, hours, minutes, seconds] =
      /of (\d\d):(\d\d):(\d\d):/.exec(await stale.innerText()) ?? []
    const toldMs = new Date(silentMs).setUTCHours(Number(hours), Number(minutes), Number(seconds))
    // Only the time of day is told: it may be the day before, or the next one.
    const apart = Math.abs(toldMs - silentMs)
    expect(Math.min(apart, DAY_MS - apart)).toBeLessThan(8_000)
    await page.clock.fastForward(1_000)
    await page.getByText('live', { exact: true }).waitFor()
    await sessions.nth(1).waitFor()
    // Nothing twice, and nothing left out.
    expect(await sessions.count()).toBe(2)
    await page.getByText('in all that is shown: 2 answered, 0 failed').waitFor()
  })

  it('shows nothing any more of a run that is over when the next one is at the same port', async () => {
    const first = await startWatchedBroker({ workers: ['w-1', 'w-2'] })
    const port = Number(new URL(first.server.url).port)
    await using opened = await open(first.server.url)
    const { page } = opened
    const sessions = page.locator('#event-list').getByText('session-opened')
    await first.client.execute('sim-1', 'show version')
    await first.client.execute('sim-2', 'show version')
    await sessions.nth(1).waitFor()
    await page.getByText('in all that is shown: 2 answered').waitFor()
    const watched = { event: 'unit', kind: 'watch', state: 'ready' } as const
    first.broker.tell({ ...watched, unit: 'watch lab' })
    await page.getByRole('row', { name: 'lab' }).waitFor()
    await page.getByRole('row', { name: 'w-2' }).waitFor()
    await first[Symbol.asyncDispose]()
    await page.getByText('the server does not answer').waitFor()
    await using second = await startWatchedBroker({ port, workers: ['w-2', 'w-3'] })
    await page.locator('#event-list').getByText('reset').waitFor()
    await page.getByRole('row', { name: 'w-3' }).waitFor()
    expect(await page.locator('#worker-rows th').allTextContents()).toEqual(['w-2', 'w-3'])
    second.broker.tell({ ...watched, unit: 'watch vpn' })
    await page.getByRole('row', { name: 'vpn' }).waitFor()
    expect(await page.locator('#watch-rows th').allTextContents()).toEqual(['vpn'])
    await second.client.execute('sim-1', 'show version')
    await page.getByText('in all that is shown: 1 answered').waitFor()
    expect(await sessions.count()).toBe(1)
  })
})
