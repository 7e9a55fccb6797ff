import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { testOptions } from '../../src/local/strict/options.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { allIds, type Known, put, putAll, searchIds, searchPage, thereAndBack } from './hospital.ts'

let engines: Engines
const store = () => engines.openStore('main')

const long = '2026-01-01T00:00:00.000Z'

const observation = (id: string, more: object): Known => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  ...more,
})

const vital = (patient: string, day: number, code = '8867-4'): Known =>
  observation(`${patient}-${code}-${day}`, {
    category: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' },
        ],
      },
    ],
    code: { coding: [{ system: 'http://loinc.org', code }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: new Date(Date.UTC(2020, 0, day, 10)).toISOString(),
    valueQuantity: { value: 60 + day, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
  })

const lab = (patient: string, day: number): Known =>
  observation(`${patient}-lab-${day}`, {
    category: [{ coding: [{ code: 'laboratory' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '2339-0' }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: new Date(Date.UTC(2020, 0, day, 11)).toISOString(),
  })

const days = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

const patients: Known[] = [
  {
    resourceType: 'Patient',
    id: 'p1',
    name: [{ family: 'Müller', given: ['Ánna'] }],
    gender: 'female',
    birthDate: '1980-05-01',
  },
  {
    resourceType: 'Patient',
    id: 'p2',
    name: [{ family: 'Muir', given: ['Bob'] }],
    gender: 'male',
    birthDate: '1990',
  },
]

beforeAll(async () => {
  engines = await startEngines()
  await putAll(store(), patients, long)
  await putAll(
    store(),
    days(80).flatMap((day) => [vital('p1', day), lab('p1', day)]),
    long,
  )
  await putAll(
    store(),
    days(30).map((day) => vital('p2', day)),
    long,
  )
})

afterAll(() => engines.stop())

const vitals = 'Observation?patient=p1&category=vital-signs&_sort=-date&_count=50'

/** Until the test ends pages and batches come whole: each further call is a round, and its units are rounded up by themselves. */
const readWhole = (): void => {
  const { splitPages, shortPages, unprocessed } = testOptions.isolation
  engines.strict.change({ isolation: { splitPages: 0, shortPages: 0, unprocessed: 0 } })
  onTestFinished(() => engines.strict.change({ isolation: { splitPages, shortPages, unprocessed } }))
}

test('a patient’s vital signs come newest first in two rounds', async () => {
  readWhole()
  const own = store()
  const page = await searchPage(own, vitals)
  expect(page.matches.map(({ id }) => id)).toEqual(
    days(80)
      .slice(30)
      .reverse()
      .map((day) => `p1-8867-4-${day}`),
  )
  expect(own.meter.rounds).toBe(2)
  expect(own.meter.calls).toBe(2)
  expect(page.next).toBeDefined()
})

test('the same vital signs cost the same whatever else is stored', async () => {
  readWhole()
  const before = store()
  await searchPage(before, vitals)
  const others = Array.from({ length: 300 }, (_, i) => vital(`other${i}`, (i % 28) + 1))
  await putAll(store(), others, long)
  const after = store()
  await searchPage(after, vitals)
  expect(after.meter.readUnits).toBe(before.meter.readUnits)
  expect(after.meter.calls).toBe(before.meter.calls)
})

test('pages follow each other without a gap or a repetition', async () => {
  const ids = await allIds(store(), 'Observation?patient=p1&_sort=-date&_count=7')
  expect(ids).toHaveLength(160)
  expect(new Set(ids).size).toBe(160)
})

test.each([
  ['Patient?name=mull', ['p1']],
  ['Patient?family=MU', ['p1', 'p2']],
  ['Patient?family:exact=Muir', ['p2']],
  ['Patient?given=anna', ['p1']],
  ['Patient?birthdate=1980', ['p1']],
  ['Patient?birthdate=ge1985', ['p2']],
  ['Patient?gender=female,male&_sort=birthdate', ['p1', 'p2']],
  ['Patient?_id=p2,p9', ['p2']],
  ['Observation?code=http://loinc.org|8867-4&date=2020-01-30&patient=p2', ['p2-8867-4-30']],
  ['Observation?patient=Patient/p2&value-quantity=gt88||/min&_sort=date', ['p2-8867-4-29', 'p2-8867-4-30']],
  ['Observation?subject:Patient.family=Muir&date=gt2020-01-28', ['p2-8867-4-30', 'p2-8867-4-29']],
  ['Patient?_has:Observation:patient:code=2339-0', ['p1']],
])('%s finds %j', async (url, ids) => {
  const found = await searchIds(store(), url)
  expect(url.includes('_sort') || url.startsWith('Observation') ? found : found.toSorted()).toEqual(ids)
})

test('what has changed since is read in the order of change, and no more of it than is told', async () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 2, 1, 0, minute)).toISOString()
  const minutes = Array.from({ length: 40 }, (_, i) => i)
  await store().commit(minutes.map((i) => put(vital(`late${i}`, (i % 28) + 1), at(i))))
  const since = `Observation?_lastUpdated=ge${at(10)}&_lastUpdated=lt${at(30)}`
  const late = minutes.slice(10, 30).map((i) => `late${i}-8867-4-${(i % 28) + 1}`)
  const page = await searchPage(store(), `${since}&_sort=_lastUpdated&_count=5`)
  expect(page.matches.map(({ id }) => id)).toEqual(late.slice(0, 5))
  expect(page.explain.resources).toBeLessThan(10)
  expect(await allIds(store(), `${since}&_sort=_lastUpdated&_count=6`)).toEqual(late)
  expect(await allIds(store(), `${since}&_sort=-_lastUpdated&_count=6`)).toEqual(late.toReversed())
})

test('what is too much to be sorted is read in the order of change where that is asked for', async () => {
  const limits = { short: 0, gathered: 0, sorted: 20 }
  const url = 'Observation?status=final&_sort=-_lastUpdated&_count=150'
  const { there, back } = await thereAndBack(store(), url, limits)
  expect(there).toEqual(await allIds(store(), url))
  expect(back).toEqual(there)
  const others = searchPage(store(), url.replace('-_lastUpdated', 'code'), [], limits)
  await expect(others).rejects.toMatchObject({ issues: [{ kind: 'too-costly' }] })
})

test('an update is found at once where it now belongs and not where it was', async () => {
  const [before] = await store().get([{ type: 'Patient', id: 'p2' }])
  if (!before) throw new Error('p2 is missing')
  const changed: Known = { resourceType: 'Patient', id: 'p2', name: [{ family: 'Zander' }], gender: 'male' }
  await store().commit([put(changed, new Date().toISOString(), before)])
  expect(await searchIds(store(), 'Patient?family=zan')).toEqual(['p2'])
  expect(await searchIds(store(), 'Patient?family=muir')).toEqual([])
})

test('includes come beside the matches, each once', async () => {
  const page = await searchPage(store(), 'Observation?patient=p1&_count=5&_include=Observation:subject')
  expect(page.included.map(({ id }) => id)).toEqual(['p1'])
  const back = await searchPage(store(), 'Patient?_id=p1&_revinclude=Observation:patient')
  expect(back.included).toHaveLength(160)
})

test('links are not followed back through tens of thousands of lists', async () => {
  const own = store()
  const problem = await searchPage(own, 'Observation?_revinclude=*&_count=500').catch((thrown) => thrown)
  expect(problem).toMatchObject({ issues: [{ kind: 'too-costly' }] })
  expect(own.meter.calls).toBeLessThan(100)
  expect((await searchPage(own, 'Observation?_revinclude=*&_count=5')).included).toEqual([])
})

test('counts without results', async () => {
  expect((await searchPage(store(), 'Observation?patient=p1&_summary=count')).total).toBe(160)
  expect((await searchPage(store(), 'Observation?patient=p1&_count=3&_total=accurate')).total).toBe(160)
})

test.each(['Observation?patient=p1', 'Observation?patient=p1&_sort=code'])(
  'a page of %s ends before its texts grow beyond what may leave at once',
  async (url) => {
    const limits = { characters: 2000 }
    const page = await searchPage(store(), url, [], limits)
    expect(page.matches.length).toBeGreaterThan(1)
    expect(page.matches.length).toBeLessThan(15)
    expect((await allIds(store(), url, limits)).sort()).toEqual((await allIds(store(), url)).sort())
  },
)

test('the total is said without being asked for where the page holds everything', async () => {
  expect((await searchPage(store(), 'Patient?_id=p1')).total).toBe(1)
  expect((await searchPage(store(), 'Patient?_id=nobody')).total).toBe(0)
  expect((await searchPage(store(), 'Patient?_id=p1&_total=none')).total).toBeUndefined()
})

test('thousands of values are looked for in what else drives the search, not in a list each', async () => {
  const codes = Array.from({ length: 3000 }, (_, i) => `x${i}`)
  const own = store()
  const page = await searchPage(own, `Observation?code=${codes.join(',')},2339-0&_count=5`)
  expect(page.matches.length).toBe(5)
  expect((await searchPage(own, `Patient?name=${codes.join(',')},mul`)).matches.map(({ id }) => id)).toEqual([
    'p1',
  ])
  expect(own.meter.calls).toBeLessThan(100)
})
