/** Chains and `_has` over many resources in between; `npm run test:long -- chains` takes 10,000 of each. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Failure } from '../../src/outcome/failure.ts'
import type { Limits } from '../../src/search/scope.ts'
import { enginesWith } from '../costs/fill.ts'
import type { Engines } from '../store/engines.ts'
import { allIds, type Known, put, searchPage } from './hospital.ts'

const many = Number(process.env.CHAINS ?? 1200)
const numbers = Array.from({ length: many }, (_, i) => i)
const long = '2026-01-01T00:00:00.000Z'

const clinics = ['North', 'South'].map(
  (name): Known => ({ resourceType: 'Organization', id: name.toLowerCase(), name }),
)
const patients = numbers.map(
  (i): Known => ({
    resourceType: 'Patient',
    id: `p${i}`,
    active: true,
    gender: i % 2 === 0 ? 'female' : 'male',
    managingOrganization: { reference: `Organization/${i % 4 === 0 ? 'north' : 'south'}` },
    ...(i % 1000 === 7 && { name: [{ family: 'Seldom' }] }),
  }),
)
/** Everybody has one of these, a few have another. */
const observations = numbers.map(
  (i): Known => ({
    resourceType: 'Observation',
    id: `o${i}`,
    status: 'final',
    code: {
      coding: [
        { code: 'often' },
        ...(i % 12 === 5 ? [{ code: 'now-and-then' }] : []),
        ...(i % 250 === 3 ? [{ code: 'rare' }] : []),
      ],
    },
    subject: { reference: `Patient/p${i}` },
    effectiveDateTime: new Date(Date.UTC(2020, 0, 1, 0, i)).toISOString(),
    valueQuantity: { value: i % 100 },
  }),
)

let engines: Engines
const store = () => engines.openStore('main')

beforeAll(async () => {
  engines = await enginesWith([...clinics, ...patients, ...observations].map((one) => put(one, long)))
}, 120_000)
afterAll(() => engines?.stop())

const observationsOf = (keep: (i: number) => boolean): string[] => numbers.filter(keep).map((i) => `o${i}`)
const patientsOf = (keep: (i: number) => boolean): string[] => numbers.filter(keep).map((i) => `p${i}`)
const female = (i: number) => i % 2 === 0
const north = (i: number) => i % 4 === 0

describe('all pages together are all that match', () => {
  test.each<[string, string[]]>([
    ['Observation?subject:Patient.gender=female', observationsOf(female)],
    ['Observation?subject:Patient.organization.name=north', observationsOf(north)],
    [
      'Observation?subject:Patient.gender=female&code=rare',
      observationsOf((i) => i % 250 === 3 && female(i)),
    ],
    ['Observation?subject:Patient.gender=male&code=rare', observationsOf((i) => i % 250 === 3)],
    ['Observation?subject:Patient.family=seldom', observationsOf((i) => i % 1000 === 7)],
    ['Patient?_has:Observation:patient:code=often', patientsOf(() => true)],
    ['Patient?_has:Observation:patient:code=often&family=seldom', patientsOf((i) => i % 1000 === 7)],
    ['Patient?_has:Observation:patient:code=now-and-then', patientsOf((i) => i % 12 === 5)],
    ['Patient?_has:Observation:patient:code=rare&gender=male', patientsOf((i) => i % 250 === 3)],
    ['Organization?_has:Patient:organization:gender=male', ['south']],
    ['Organization?_has:Patient:organization:_has:Observation:patient:code=often', ['north', 'south']],
  ])('%s', async (url, wanted) => {
    expect((await allIds(store(), `${url}&_count=1000`)).toSorted()).toEqual(wanted.toSorted())
  })

  test.each<[string, Partial<Limits>]>([
    ['Observation?subject:Patient.gender=female&code=now-and-then,rare', { resources: 1000, links: 100 }],
    [
      'Patient?_has:Observation:patient:code=now-and-then&organization=north',
      { resources: 1000, links: 100 },
    ],
  ])('%s, with a budget for a part of it', async (url, limits) => {
    const [page, wanted] = await Promise.all([
      allIds(store(), `${url}&_count=500`, limits),
      allIds(store(), `${url}&_count=500`),
    ])
    expect(page.toSorted()).toEqual(wanted.toSorted())
  })
})

describe('a page costs what is on it', () => {
  test.each([
    ['Observation?subject:Patient.gender=female', 50, 900],
    ['Patient?_has:Observation:patient:code=often', 50, 900],
    ['Observation?subject:Patient.organization.name=south', 50, 900],
  ])('%s', async (url, matches, units) => {
    const own = store()
    const page = await searchPage(own, url)
    expect(page.matches).toHaveLength(matches)
    expect(page.next).toBeDefined()
    expect(own.meter.readUnits).toBeLessThan(units)
  })
})

test('as many are counted exactly', async () => {
  const { total } = await searchPage(store(), 'Observation?subject:Patient.active=true&_summary=count')
  expect(total).toBe(many)
})

test('a few of as many are sorted', async () => {
  const ids = await allIds(
    store(),
    'Observation?subject:Patient.gender=male&code=rare&_sort=value-quantity,-date',
  )
  expect(ids).toHaveLength(observationsOf((i) => i % 250 === 3).length)
  const value = (id: string) => Number(id.slice(1)) % 100
  expect(ids.map(value)).toEqual(ids.map(value).toSorted((a, b) => a - b))
})

test('what cannot be sorted is refused with advice', async () => {
  const url = 'Observation?subject:Patient.active=true&_sort=value-quantity'
  const refused = await searchPage(store(), url, [], { sorted: many / 2 }).catch((problem) => problem)
  expect(refused).toBeInstanceOf(Failure)
  expect(refused.issues[0].kind).toBe('too-costly')
  expect(refused.issues[0].diagnostics).toMatch(/Narrow/)
})

test('what became of a chain is explained', async () => {
  const way = async (url: string) => (await searchPage(store(), url)).explain.chains
  expect(await way('Observation?subject:Patient.gender=female')).toBe('followed')
  expect(await way('Observation?subject:Patient.family=seldom')).toBe('resolved')
  expect(await way('Observation?code=rare')).toBeUndefined()
})

test('many chains are not all resolved at once', async () => {
  const own = store()
  let [now, most] = [0, 0]
  const page: typeof own.page = async (...asked) => {
    most = Math.max(most, ++now)
    return own.page(...asked).finally(() => now--)
  }
  const names = (chain: number) => numbers.slice(0, 20).map((i) => `n${chain}x${i}`)
  const chains = numbers.slice(0, 20).map((i) => `subject:Patient.name=${names(i).join(',')}`)
  const url = `Observation?${chains.join('&')}`
  expect((await searchPage({ ...own, page }, url)).matches).toEqual([])
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(200)
})
