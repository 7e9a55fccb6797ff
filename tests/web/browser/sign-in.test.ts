import { afterAll, beforeAll, expect } from 'vitest'
import { ann } from './sample.ts'
import { openStand, type Stand, test } from './stand.ts'

let stand: Stand

beforeAll(async () => {
  stand = await openStand([ann])
}, 120_000)

afterAll(() => stand?.close())

test('asks who is there, and signs in through the pool’s own form', async () => {
  const page = await stand.context.newPage()
  await page.goto(stand.origin)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.locator('input[name=username]').fill('clinician')
  await page.locator('input[name=password]').fill('Pilotlight-clinician-1')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'All patients' }).waitFor()
  expect(await page.locator('.who').textContent()).toBe('clinician')
  await page.close()
})

test('keeps no token outside of memory, and signs in again after a reload where it was', async () => {
  const page = await stand.open('clinician', '#/patients/ann/vitals')
  await page.getByRole('heading', { name: 'Ann Archer' }).waitFor()
  const stored = await page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])',
  )
  expect(stored).not.toContain('eyJ')
  await page.reload()
  await page.getByRole('heading', { name: 'Ann Archer' }).waitFor()
  expect(page.url()).toBe(`${stand.origin}/#/patients/ann/vitals`)
  await page.close()
})

test('renews a token that has run out without asking', async () => {
  const page = await stand.open('clinician')
  await page.getByRole('link', { name: 'Archer, Ann', exact: true }).waitFor()
  let refused = 0
  await page.route('**/fhir/Patient/ann', (route) =>
    refused++ === 0 ? route.fulfill({ status: 401, body: '{}' }) : route.continue(),
  )
  await page.getByRole('link', { name: 'Archer, Ann', exact: true }).click()
  await page.getByRole('heading', { name: 'Ann Archer' }).waitFor()
  expect(refused).toBe(2)
  await page.close()
})

test('signs out, and stays out after a reload', async () => {
  const page = await stand.open('clinician')
  await page.getByRole('button', { name: 'Sign out clinician' }).click()
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
  await page.reload()
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
  await page.close()
})

test('offers a viewer nothing to change', async () => {
  const page = await stand.open('viewer', '#/patients/ann')
  await page.getByRole('heading', { name: 'Ann Archer' }).waitFor()
  expect(await page.getByRole('button', { name: 'Edit' }).count()).toBe(0)
  expect(await page.getByRole('link', { name: 'Post bundles' }).count()).toBe(0)
  await page.close()
})
