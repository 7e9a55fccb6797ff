import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { ann, bea, nobody } from './sample.ts'
import { openStand, type Stand, test } from './stand.ts'

let stand: Stand

beforeAll(async () => {
  stand = await openStand([ann, bea, nobody])
}, 120_000)

afterAll(() => stand?.close())

const go = (page: Page, hash: string): Promise<unknown> =>
  page.evaluate(`location.hash = ${JSON.stringify(hash)}`)

test('finds a patient by keyboard alone and walks a chart', async () => {
  const page = await stand.open('clinician')
  await page.keyboard.press('/')
  await page.keyboard.type('arch')
  await page.getByRole('option', { name: /Archer, Ann/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Ann Archer' }).waitFor()
  await page.keyboard.press('2')
  const chart = page.getByRole('slider', { name: /^Blood pressure/ })
  await chart.focus()
  expect(await chart.getAttribute('aria-valuetext')).toContain('129 over 80 mm[Hg]')
  await page.keyboard.press('ArrowLeft')
  expect(await chart.getAttribute('aria-valuetext')).toContain('128 over 80 mm[Hg]')
  await page.keyboard.press('+')
  expect(await page.getByRole('button', { name: 'All', exact: true }).getAttribute('aria-pressed')).toBe(
    'false',
  )
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /^Observation\/ann-bp-/ }).waitFor()
  await page.close()
})

test('finds a patient by birth date and by identifier', async () => {
  const page = await stand.open('clinician')
  for (const text of ['2 Mar 1957 bea', '10042-bea']) {
    await page.getByRole('combobox').fill(text)
    await page.getByRole('option', { name: /Baker, Bea/ }).waitFor()
    expect(await page.getByRole('option').count()).toBe(1)
  }
  await page.close()
})

test('shows vital signs, allergies, problems and what is out of range at a glance', async () => {
  const page = await stand.open('clinician', '#/patients/ann')
  const tile = page.locator('.tile', { hasText: 'Blood pressure' })
  await tile.getByText('129 / 80').waitFor()
  await page.locator('.tile', { hasText: 'Heart rate' }).getByText('High').waitFor()
  await page.locator('.banner').getByText('Penicillin').waitFor()
  await page.getByText('Essential hypertension').waitFor()
  expect(await page.locator('.absent').textContent()).toContain('Oxygen saturation')
  await page.close()
})

test('shows laboratory results by panel, immunizations by vaccine, and the raw resource', async () => {
  const page = await stand.open('clinician', '#/patients/ann/labs')
  const panel = page.getByRole('region', { name: 'Basic Metabolic Panel', exact: true })
  await panel.getByText('130 mg/dL').waitFor()
  expect(await panel.getByText('70–99').count()).toBe(1)
  await page.keyboard.press('4')
  await page.getByRole('button', { name: /Influenza, seasonal, .*Not given/ }).click()
  await page.locator('.raw', { hasText: '"resourceType": "Immunization"' }).waitFor()
  await page.close()
})

test('says that there is nothing, and what failed with a way to try again', async () => {
  const page = await stand.open('clinician', '#/patients/none/vitals')
  await page.getByText('No vital signs recorded.').waitFor()
  await page.route('**/fhir/Observation?*', (route) => route.abort())
  await go(page, '#/patients/bea/vitals')
  await page.getByRole('alert').getByText('Could not load vital signs.').waitFor()
  await page.unroute('**/fhir/Observation?*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('slider', { name: /^Blood pressure/ }).waitFor()
  await page.close()
})

/** Records every text on the page that holds a name, from now on. */
const watchFor = (name: string): string => `
  window.seen = []
  const look = () => document.querySelector('main').textContent.includes(${JSON.stringify(name)}) && window.seen.push(Date.now())
  new MutationObserver(look).observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true })
`

test('never shows data of the patient before, however slow the network', async () => {
  const page = await stand.open('clinician')
  await page.route(/fhir\/(Patient\/ann|.*patient=ann)/, async (route) => {
    const answer = await route.fetch()
    await new Promise((resolve) => setTimeout(resolve, 900))
    await route.fulfill({ response: answer }).catch(() => undefined)
  })
  for (const hash of [
    '#/patients/ann/vitals',
    '#/patients/bea/vitals',
    '#/patients/ann',
    '#/patients/bea/vitals',
  ])
    await go(page, hash)
  await page.getByRole('heading', { name: 'Bea Baker' }).waitFor()
  await page.evaluate(watchFor('Archer'))
  await page.getByRole('slider', { name: /^Blood pressure/ }).waitFor()
  await page.waitForTimeout(1500)
  expect(await page.evaluate('window.seen')).toEqual([])
  const pressures = page.getByRole('slider', { name: /^Blood pressure/ })
  expect(await pressures.getAttribute('aria-label')).toContain('from 171 to 182')
  await go(page, '#/patients/ann/vitals')
  await page.waitForTimeout(100)
  expect(await page.locator('main').textContent()).not.toMatch(/Baker|182/)
  await page.getByRole('heading', { name: 'Ann Archer' }).waitFor()
  expect(await page.locator('main').textContent()).not.toMatch(/Baker|182/)
  await page.close()
})

test('never shows an answer to what was typed before', async () => {
  const page = await stand.open('clinician')
  await page.route(/name=arch/, async (route) => {
    const answer = await route.fetch()
    await new Promise((resolve) => setTimeout(resolve, 700))
    await route.fulfill({ response: answer }).catch(() => undefined)
  })
  await page.getByRole('combobox').fill('arch')
  await page.waitForTimeout(250)
  await page.getByRole('combobox').fill('bak')
  await page.getByRole('option', { name: /Baker/ }).waitFor()
  await page.waitForTimeout(900)
  expect(await page.getByRole('option').allTextContents()).toEqual([expect.stringContaining('Baker')])
  await page.close()
})

test('logs the calls behind the screen', async () => {
  const page = await stand.open('clinician', '#/patients/ann')
  await page.getByText('Essential hypertension').waitFor()
  await page.keyboard.press('l')
  const call = page.locator('.call', { hasText: 'category=vital-signs' })
  expect(await call.textContent()).toMatch(/200GET.*\d+ ms/)
  await call.getByRole('button', { name: 'Explain' }).click()
  await page.locator('.call .raw').waitFor()
  await page.close()
})
