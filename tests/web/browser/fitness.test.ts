import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { ann, monitor, nobody } from './sample.ts'
import { openStand, type Stand, test } from './stand.ts'

let stand: Stand

beforeAll(async () => {
  stand = await openStand([ann, nobody, ...monitor()])
}, 180_000)

afterAll(() => stand?.close())

const go = (page: Page, hash: string): Promise<unknown> =>
  page.evaluate(`location.hash = ${JSON.stringify(hash)}`)

interface Violation {
  id: string
  impact: string
  nodes: { target: string[]; failureSummary: string }[]
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Returns what axe finds serious or critical, by rule and place. */
const serious = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe)
  const violations = (await page.evaluate('axe.run().then((found) => found.violations)')) as Violation[]
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary}`),
    )
}

const places: readonly (readonly [hash: string, shows: string])[] = [
  ['#/', 'table'],
  ['#/patients/ann', '.lines li'],
  ['#/patients/ann/vitals', '.uplot canvas'],
  ['#/patients/ann/labs', '.panel'],
  ['#/patients/ann/immunizations', '.dose'],
  ['#/patients/ann/problems', 'table'],
  ['#/patients/ann/documents', 'table'],
  ['#/patients/none/encounters', '.empty'],
  ['#/post', '.drop'],
]

test.each(['light', 'dark'] as const)(
  'holds to the rules of accessibility on every page, %s',
  async (colorScheme) => {
    const page = await stand.open('clinician')
    await page.emulateMedia({ colorScheme })
    for (const [hash, shows] of places) {
      await go(page, hash)
      await page.locator(shows).first().waitFor()
      expect(await serious(page), hash).toEqual([])
    }
    await page.close()
  },
)

test('holds to the rules of accessibility in dialogs, tables, the log, and signing in', async () => {
  const page = await stand.open('clinician', '#/patients/ann/vitals')
  await page.getByRole('button', { name: 'Blood pressure: table' }).click()
  await page.keyboard.press('l')
  await page.locator('.call').first().waitFor()
  expect(await serious(page)).toEqual([])
  for (const name of ['Observation', 'Edit', 'Raw resource of Ann Archer', 'Keys']) {
    await page.getByRole('button', { name, exact: true }).first().click()
    await page.getByRole('dialog').waitFor()
    expect(await serious(page), name).toEqual([])
    await page.keyboard.press('Escape')
  }
  await page.getByRole('button', { name: 'Sign out clinician' }).click()
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
  expect(await serious(page)).toEqual([])
  await page.close()
})

test('needs no sideways scrolling at 400 % zoom', async () => {
  const page = await stand.open('clinician')
  await page.setViewportSize({ width: 320, height: 256 })
  for (const [hash, shows] of places) {
    await go(page, hash)
    await page.locator(shows).first().waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth'), hash).toBeLessThanOrEqual(320)
  }
  await page.close()
})

test('loads less than 250 kB of script for the first view', () => {
  const assets = 'dist/web/assets'
  const first = readdirSync(assets).filter((name) => name.startsWith('index-') && name.endsWith('.js'))
  const bytes = first.map((name) => gzipSync(readFileSync(`${assets}/${name}`)).length)
  expect(bytes).toHaveLength(1)
  expect(bytes[0]).toBeLessThan(250_000)
})

test('shows a patient within a second', { retry: 2 }, async () => {
  const page = await stand.open('clinician')
  const began = performance.now()
  await go(page, '#/patients/ann')
  await page.locator('.tile-value').first().waitFor()
  expect(performance.now() - began).toBeLessThan(1000)
  await page.close()
})

/** Zooms in and out on the first chart with the wheel, once for each frame, and returns how long each frame took. */
const zoomFrames = `new Promise((resolve) => {
  const over = document.querySelector('.u-over')
  const box = over.getBoundingClientRect()
  const frames = []
  let last = performance.now()
  const frame = (now) => {
    frames.push(now - last)
    last = now
    if (frames.length > 90) return resolve(frames.slice(1))
    const deltaY = frames.length % 30 < 15 ? -100 : 100
    over.dispatchEvent(new WheelEvent('wheel', { deltaY, ctrlKey: true, cancelable: true, clientX: box.left + box.width / 3, clientY: box.top + 20 }))
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
})`

test('zooms 5,000 measurements without a stutter', { retry: 2 }, async () => {
  const page = await stand.open('clinician', '#/patients/long/vitals')
  await page.getByRole('slider', { name: /^Heart rate: 5000 measurements/ }).waitFor()
  await page.locator('.uplot canvas').waitFor()
  const frames = ((await page.evaluate(zoomFrames)) as number[]).sort((a, b) => a - b)
  expect(frames[Math.floor(frames.length * 0.9)]).toBeLessThan(50)
  await page.close()
})

test('two fingers zoom a chart, and one moves it', async () => {
  const page = await stand.open('clinician', '#/patients/ann/vitals')
  const surface = page.locator('.u-over').first()
  await surface.scrollIntoViewIfNeeded()
  const box = await surface.boundingBox()
  if (!box) throw new Error('The chart has no place on the page.')
  const remote = await page.context().newCDPSession(page)
  await remote.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 2 })
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', shares: readonly number[]) =>
    remote.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: shares.map((share, id) => ({
        x: box.x + share * box.width,
        y: box.y + box.height / 2,
        id,
      })),
    })
  const shown = () => page.locator('.span-bar > .muted').first().textContent()
  const whole = await shown()
  await touch('touchStart', [0.4, 0.6])
  await touch('touchMove', [0.3, 0.7])
  await touch('touchMove', [0.1, 0.9])
  await touch('touchEnd', [])
  await expect.poll(shown).not.toBe(whole)
  const near = await shown()
  await touch('touchStart', [0.8])
  await touch('touchMove', [0.6])
  await touch('touchMove', [0.2])
  await touch('touchEnd', [])
  await expect.poll(shown).not.toBe(near)
  await page.close()
})
