import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bundle } from 'fhir/r4.js'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { test as anyTest } from 'vitest'
import { buildStale } from '../../../src/local/build.ts'
import { type Stack, startStack } from '../../../src/local/stack.ts'
import { findBrowser, hasBrowser, remedy } from './browser.ts'

const isSkipped = !hasBrowser && !process.env.CI
if (isSkipped) console.warn(`Skipped: ${remedy}`)

/** A test that needs a browser: without one it is skipped, in continuous integration it fails. */
export const test = anyTest.skipIf(isSkipped)

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A running stack and a browser in front of it. */
export interface Stand {
  stack: Stack
  origin: string
  context: BrowserContext
  /** Sends a request to the API as the administrator; fails when it is refused. */
  api(method: string, path: string, body?: unknown): Promise<unknown>
  /** Opens a page of its own, signed in as a demo user at an address behind the `#`. */
  open(user: string, hash?: string): Promise<Page>
  close(): Promise<void>
}

const launch = async (): Promise<{ context: BrowserContext; directory: string }> => {
  const { executablePath, env } = await findBrowser()
  const directory = mkdtempSync(join(tmpdir(), 'pilotlight-browser-'))
  const context = await chromium.launchPersistentContext(directory, {
    executablePath,
    env,
    headless: true,
    args: flags,
    viewport: { width: 1280, height: 900 },
    locale: 'en-US',
    timezoneId: 'Europe/Berlin',
  })
  return { context, directory }
}

const apiOf =
  (stack: Stack, token: string): Stand['api'] =>
  async (method, path, body) => {
    const response = await fetch(`${stack.url}/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

const openPage = async (
  { context, origin }: Pick<Stand, 'context' | 'origin'>,
  user: string,
  hash: string,
): Promise<Page> => {
  const page = await context.newPage()
  await page.goto(`${origin}/${hash}`)
  await page.getByRole('button', { name: `Sign in as ${user}` }).click()
  await page.locator('.who').waitFor()
  return page
}

/** Starts the stack with what the page needs to show, and a browser. */
export const openStand = async (bundles: readonly Bundle[]): Promise<Stand> => {
  await buildStale()
  const { context, directory } = await launch()
  const stack = await startStack({ dataDir: ':memory:', environments: 2 })
  const origin = new URL(stack.url).origin
  const api = apiOf(stack, await stack.token('admin'))
  for (const bundle of bundles) await api('POST', '', bundle)
  return {
    stack,
    origin,
    context,
    api,
    open: (user, hash = '') => openPage({ context, origin }, user, hash),
    close: async () => {
      await context.close()
      await stack.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
