/** https://hl7.org/fhir/R4/search.html#contained */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
const base = 'https://api.example.org/fhir'

const medication = (id: string, code: string, more = {}) => ({
  resourceType: 'Medication',
  id,
  code: { coding: [{ system: 'http://example.org/meds', code }] },
  ...more,
})

const request = (id: string, contained: object[], more = {}) => ({
  resourceType: 'MedicationRequest',
  id,
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/ann' },
  medicationReference: { reference: '#m1' },
  contained,
  ...more,
})

const maker = { resourceType: 'Organization', id: 'maker', name: 'Acme' }
const amount = { numerator: { value: 1 }, denominator: { value: 1 } }

/** Two medications inside one, one inside another, one that stands by itself and is referred to. */
const stored = [
  { resourceType: 'Patient', id: 'ann', name: [{ family: 'Doe' }] },
  request(
    'two',
    [
      medication('m1', 'abc', { manufacturer: { reference: '#maker' }, amount }),
      medication('m2', 'abc'),
      maker,
    ],
    {
      dispenseRequest: { performer: { reference: '#maker' } },
      supportingInformation: [{ reference: '#m2' }],
    },
  ),
  request('one', [medication('m1', 'xyz')]),
  medication('alone', 'abc'),
  request('plain', [], { contained: undefined, medicationReference: { reference: 'Medication/alone' } }),
  {
    resourceType: 'Organization',
    id: 'parent',
    name: 'Acme',
    contained: [{ resourceType: 'Organization', id: 'part', name: 'Acme', partOf: { reference: '#' } }],
  },
]

beforeAll(async () => {
  server = await startServer()
  for (const resource of stored) {
    const { status, text } = await ask('PUT', `/${resource.resourceType}/${resource.id}`, { body: resource })
    expect(status, text).toBe(201)
  }
})
afterAll(() => server?.stop())

type Entry = { fullUrl: string; resource: { resourceType: string; id: string }; search: { mode: string } }

const found = async (url: string): Promise<string[]> => {
  const { status, json, text } = await ask('GET', url)
  expect(status, text).toBe(200)
  return (json.entry ?? []).map(
    ({ fullUrl, search }: Entry) => (search.mode === 'match' ? '' : '+') + fullUrl.slice(base.length + 1),
  )
}

test.each<[string, string[]]>([
  ['/Medication?code=abc', ['Medication/alone']],
  ['/Medication?code=abc&_contained=false', ['Medication/alone']],
  ['/Medication?code=abc&_contained=true', ['MedicationRequest/two']],
  ['/Medication?code=abc&_contained=both', ['Medication/alone', 'MedicationRequest/two']],
  ['/Medication?_contained=true&_id=m1', ['MedicationRequest/one', 'MedicationRequest/two']],
  [
    '/Medication?_contained=true&_containedType=contained',
    ['MedicationRequest/one#m1', 'MedicationRequest/two#m1', 'MedicationRequest/two#m2'],
  ],
  [
    '/Medication?code=abc&_contained=both&_containedType=contained',
    ['Medication/alone', 'MedicationRequest/two#m1', 'MedicationRequest/two#m2'],
  ],
  ['/Medication?_contained=true&code:not=abc', ['MedicationRequest/one']],
  ['/Medication?_contained=true&manufacturer.name=acme', ['MedicationRequest/two']],
  [
    '/Medication?_contained=true&_has:MedicationRequest:medication:status=active',
    ['MedicationRequest/one', 'MedicationRequest/two'],
  ],
  ['/Organization?name=acme&_contained=both', ['MedicationRequest/two', 'Organization/parent']],
  ['/Organization?_contained=true&partof=Organization/parent', ['Organization/parent']],
  ['/Organization?_contained=true&_lastUpdated=ge2020', ['MedicationRequest/two', 'Organization/parent']],
  ['/Medication?_contained=true&_filter=code eq "xyz"', ['MedicationRequest/one']],
  ['/Medication?_contained=true&code=none', []],
])('%s finds %j', async (url, expected) => {
  expect((await found(url)).sort()).toEqual(expected)
})

describe('a chain is followed into what is inside a resource', () => {
  test.each<[string, string[]]>([
    ['/MedicationRequest?medication.code=xyz', ['MedicationRequest/one']],
    ['/MedicationRequest?medication.code=abc', ['MedicationRequest/plain', 'MedicationRequest/two']],
    ['/MedicationRequest?medication.manufacturer.name=acme', ['MedicationRequest/two']],
    ['/MedicationRequest?medication.manufacturer.name=other', []],
    ['/MedicationRequest?medication._id=m1', ['MedicationRequest/one', 'MedicationRequest/two']],
    ['/Patient?_has:MedicationRequest:subject:medication.code=xyz', ['Patient/ann']],
    ['/MedicationRequest?subject=Patient/ann&medication.code=xyz', ['MedicationRequest/one']],
  ])('%s finds %j', async (url, expected) => {
    expect((await found(url)).sort()).toEqual(expected)
  })
})

test('what is inside a resource is told as it was sent, at an address within that one', async () => {
  const { json } = await ask('GET', '/Medication?code=abc&_contained=true&_containedType=contained&_sort=_id')
  const [entry] = json.entry as Entry[]
  expect(entry?.fullUrl).toBe(`${base}/MedicationRequest/two#m1`)
  expect(entry?.resource).toEqual(medication('m1', 'abc', { manufacturer: { reference: '#maker' }, amount }))
  expect(json.total).toBe(2)
})

test('what matches is cut as `_elements` asks', async () => {
  const { json } = await ask(
    'GET',
    '/Medication?code=xyz&_contained=true&_containedType=contained&_elements=status',
  )
  expect(json.entry[0].resource).toMatchObject({ resourceType: 'Medication', id: 'm1' })
  expect(json.entry[0].resource.code).toBeUndefined()
})

test('includes follow the links of what is inside, and those of what it is inside of where that is told', async () => {
  const contained = '/Medication?code=abc&_contained=true&_containedType=contained'
  expect(await found(`${contained}&_include=Medication:manufacturer`)).toContain(
    '+MedicationRequest/two#maker',
  )
  expect(await found(`${contained}&_revinclude=MedicationRequest:medication`)).toContain(
    '+MedicationRequest/two',
  )
  const container = '/Medication?code=abc&_contained=true&_include=MedicationRequest:subject'
  expect(await found(container)).toEqual(['MedicationRequest/two', '+Patient/ann'])
  expect(await found('/Medication?code=abc&_contained=true&_include=Medication:manufacturer')).toEqual([
    'MedicationRequest/two',
  ])
})

test('pages hold each container once, there and back', async () => {
  const pages: string[][] = []
  let url = '/Medication?_contained=true&_count=1'
  for (let i = 0; i < 5; i++) {
    const { json } = await ask('GET', url)
    pages.push((json.entry ?? []).map(({ resource }: Entry) => resource.id))
    const next = json.link.find(({ relation }: { relation: string }) => relation === 'next')
    if (!next) break
    url = next.url.slice(base.length)
  }
  expect(pages.flat().sort()).toEqual(['one', 'two'])
  const { json } = await ask('GET', '/Medication?_contained=true&_summary=count')
  expect(json.total).toBe(2)
})

test('what is inside is found no more once its container is changed or deleted', async () => {
  const id = 'brief'
  const url = '/Medication?code=brief&_contained=true'
  await ask('PUT', `/MedicationRequest/${id}`, { body: request(id, [medication('m1', 'brief')]) })
  expect(await found(url)).toEqual([`MedicationRequest/${id}`])
  await ask('PUT', `/MedicationRequest/${id}`, { body: request(id, [medication('m1', 'other')]) })
  expect(await found(url)).toEqual([])
  await ask('PUT', `/MedicationRequest/${id}`, { body: request(id, [medication('m1', 'brief')]) })
  await ask('DELETE', `/MedicationRequest/${id}`)
  expect(await found(url)).toEqual([])
})

test.each([
  ['GET', '/Medication?_contained=maybe', 400],
  ['GET', '/Medication?_containedType=inside', 400],
  ['GET', '/?_type=Medication,Organization&_contained=true', 501],
  ['DELETE', '/Medication?code=abc&_contained=true', 400],
] as const)('%s %s is refused', async (method, url, status) => {
  const { status: told, json } = await ask(method, url)
  expect([told, json.resourceType]).toEqual([status, 'OperationOutcome'])
})

test('several types are searched for what is inside where that is told itself', async () => {
  expect(
    (await found('/?_type=Medication,Organization&_contained=true&_containedType=contained')).sort(),
  ).toEqual([
    'MedicationRequest/one#m1',
    'MedicationRequest/two#m1',
    'MedicationRequest/two#m2',
    'MedicationRequest/two#maker',
    'Organization/parent#part',
  ])
})
