import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { findChromium, launchChromium } from './chromium.fixture.ts'

const chromium = findChromium()

/** Tests with a page are skipped, by name, on a machine without Chromium. */
export const noChromium = chromium === undefined

/** A browser on a machine that has much else to do. */
export const timeout = 60_000
/** Less than a test has: it then says what it waited for. */
const PATIENCE_MS = 20_000

/** A page, and everything that its browser complained of or asked others than its server for. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page
  readonly trouble: readonly string[]
}

interface OpenOptions extends BrowserContextOptions {
  /** Before anything is loaded. */
  prepare?: (page: Page) => Promise<void>
}

/** What opens pages in a browser that the tests around it share. */
export function browserForTests(): (url: string, options?: OpenOptions) => Promise<OpenPage> {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium(chromium ?? '')
  }, timeout)
  afterAll(async () => browser.close())

  return async (url, { prepare, ...options } = {}) => {
    const page = await browser.newPage(options)
    const trouble: string[] = []
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') trouble.push(message.text())
    })
    const { origin } = new URL(url)
    page.on('request', (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
        trouble.push(request.url())
    })
    page.setDefaultTimeout(PATIENCE_MS)
    await prepare?.(page)
    await page.goto(url)
    await page.getByText('live', { exact: true }).waitFor()
    return { page, trouble, [Symbol.asyncDispose]: () => page.close() }
  }
}
