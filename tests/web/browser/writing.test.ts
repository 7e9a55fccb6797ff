import { readdirSync } from 'node:fs'
import type { Bundle, Patient } from 'fhir/r4.js'
import type { Route } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { ann, bea } from './sample.ts'
import { openStand, type Stand, test } from './stand.ts'

let stand: Stand

beforeAll(async () => {
  stand = await openStand([ann])
}, 120_000)

afterAll(() => stand?.close())

test('shows an observation as soon as it is entered, its digits kept', async () => {
  const page = await stand.open('clinician', '#/patients/ann')
  await page.getByRole('button', { name: 'Observation', exact: true }).click()
  await page.getByLabel('Vital sign', { exact: true }).selectOption('temperature')
  await page.getByLabel('Body temperature').fill('38.50')
  await page.getByRole('button', { name: 'Save' }).click()
  const tile = page.locator('.tile', { hasText: 'Temperature' })
  await tile.getByText('38.50').waitFor()
  await tile.getByText('High').waitFor()
  await page.close()
})

test('saves once what is saved again because the answer was lost', async () => {
  const page = await stand.open('clinician', '#/patients/ann')
  const loseAnswer = async (route: Route): Promise<void> => {
    await route.fetch()
    await route.abort()
  }
  await page.route('**/fhir/Observation', loseAnswer, { times: 1 })
  await page.getByRole('button', { name: 'Observation', exact: true }).click()
  await page.getByLabel('Vital sign', { exact: true }).selectOption('height')
  await page.getByLabel('Body height').fill('171.5')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The server did not answer').waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('.tile', { hasText: 'Height' }).getByText('171.5').waitFor()
  const found = (await stand.api('GET', 'Observation?patient=ann&code=8302-2&_summary=count')) as Bundle
  expect(found.total).toBe(1)
  await page.close()
})

test('says what is wrong with a value before it is sent', async () => {
  const page = await stand.open('clinician', '#/patients/ann')
  await page.getByRole('button', { name: 'Observation', exact: true }).click()
  await page.getByLabel('Systolic').fill('80')
  await page.getByLabel('Diastolic').fill('120')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Diastolic must be lower than systolic.').waitFor()
  await page.close()
})

test('shows a conflict, and keeps both what others changed and what is decided', async () => {
  const page = await stand.open('clinician', '#/patients/ann')
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Family name').fill('Fletcher')
  const before = (await stand.api('GET', 'Patient/ann')) as Patient
  const theirs = { ...before, name: [{ family: 'Bowman', given: ['Ann'] }], birthDate: '1957-03-03' }
  await stand.api('PUT', 'Patient/ann', theirs)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('alert').getByText('Somebody else changed this patient').waitFor()
  expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Keep mine: Fletcher' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Ann Fletcher' }).waitFor()
  const after = (await stand.api('GET', 'Patient/ann')) as Patient
  expect(after).toMatchObject({ birthDate: '1957-03-03', name: [{ family: 'Fletcher' }] })
  await page.close()
})

const file = (name: string, content: string) => ({
  name,
  mimeType: 'application/json',
  buffer: Buffer.from(content),
})

test('posts bundles, and lists what was refused and why', async () => {
  const page = await stand.open('clinician', '#/post')
  const wrong = structuredClone(bea)
  Object.assign(wrong.entry?.[3]?.resource ?? {}, { status: 'nonsense' })
  await page
    .locator('input[type=file]')
    .setInputFiles([
      file('wrong.json', JSON.stringify(wrong)),
      file('torn.json', '{"a":'),
      file('good.json', JSON.stringify(bea)),
    ])
  await page.locator('.posting.stored', { hasText: 'good.json' }).waitFor()
  const refused = page.locator('.posting', { hasText: 'wrong.json' })
  await refused.getByText('Nothing of this bundle was stored.').waitFor()
  expect(await refused.locator('tbody tr').first().textContent()).toMatch(/^4Observation.*nonsense/)
  await page.locator('.posting', { hasText: 'torn.json' }).getByText('This file is not JSON').waitFor()
  await page.getByRole('link', { name: 'Open the patient' }).click()
  await page.getByRole('heading', { name: 'Bea Baker' }).waitFor()
  await page.close()
})

const dropOne = (text: string): string => `
  const files = new DataTransfer()
  files.items.add(new File([${JSON.stringify(text)}], 'dropped.json', { type: 'application/json' }))
  document.querySelector('.drop').dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }))
`

test('takes a bundle that is dropped', async () => {
  const page = await stand.open('clinician', '#/post')
  await page.locator('.drop').waitFor()
  await page.evaluate(dropOne(JSON.stringify(bea)))
  await page.locator('.posting.stored', { hasText: 'dropped.json' }).waitFor()
  await page.close()
})

const synthea = '../shared/data/synthea'

test('charts a patient of Synthea, where its data is at hand', async () => {
  const name = (() => {
    try {
      return readdirSync(synthea).find((each) => each.startsWith('Vito_Feeney'))
    } catch {
      return undefined
    }
  })()
  if (!name) return
  const page = await stand.open('clinician', '#/post')
  await page.locator('input[type=file]').setInputFiles(`${synthea}/${name}`)
  await page.locator('.posting.stored').waitFor()
  await page.getByRole('link', { name: 'Open the patient' }).click()
  await page.locator('.tile', { hasText: 'Blood pressure' }).getByText('184.7 / 115.3').waitFor()
  await page.close()
})
