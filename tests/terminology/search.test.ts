import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'
import { type Known, putAll } from '../search/hospital.ts'
import { animals, cases } from './held.ts'

let server: Server

const bite = (id: string, code: object, patient = 'p1'): Known => ({
  resourceType: 'Condition',
  id,
  code,
  subject: { reference: `Patient/${patient}` },
})
const coding = (code: string, system: string | undefined = animals) => ({
  coding: [{ ...(system && { system }), code }],
})

const many = Array.from({ length: 200 }, (_, i) => ({ code: `c${i}` }))

const stored = [
  ...cases.held,
  {
    resourceType: 'CodeSystem',
    id: 'many',
    url: 'http://example.org/many',
    status: 'active',
    content: 'complete',
    concept: many,
  },
  {
    resourceType: 'ValueSet',
    id: 'many',
    url: 'http://example.org/vs/many',
    status: 'active',
    compose: { include: [{ system: 'http://example.org/many' }] },
  },
  { resourceType: 'Patient', id: 'p1', gender: 'male' },
  { resourceType: 'Patient', id: 'p2', gender: 'female' },
  bite('owl', coding('owl')),
  bite('bird', coding('bird')),
  bite('dog', coding('dog'), 'p2'),
  bite('bat', coding('bat')),
  bite('elsewhere', coding('owl', 'http://example.org/others')),
  bite('nowhere', { coding: [{ code: 'owl' }] }),
  bite('both', { coding: [coding('dog').coding[0], coding('owl').coding[0]] }),
  bite('text', { text: 'An owl.' }),
  bite('hangs-below', coding('below', 'http://example.org/loose')),
  bite('hanging', coding('hanging', 'http://example.org/loose')),
  bite('not-held', coding('other', 'http://example.org/loose')),
  bite('one-of-many', coding('c77', 'http://example.org/many')),
] as unknown as Known[]

beforeAll(async () => {
  server = await startServer()
  await putAll(server.engines.openStore('main'), stored, '2026-01-01T00:00:00.000Z')
})
afterAll(() => server?.stop())

const found = async (search: string): Promise<string[]> => {
  const { status, json, text } = await server.ask('GET', `/${search}`)
  expect(status, text).toBe(200)
  const entries: { resource: { id: string }; search: { mode: string } }[] = json.entry ?? []
  return entries
    .filter(({ search: { mode } }) => mode === 'match')
    .map(({ resource }) => resource.id)
    .sort()
}

const all = [
  'bat',
  'bird',
  'both',
  'dog',
  'elsewhere',
  'hanging',
  'hangs-below',
  'not-held',
  'nowhere',
  'one-of-many',
  'owl',
  'text',
]
const but = (...ids: string[]): string[] => all.filter((id) => !ids.includes(id))
const vs = 'http://example.org/vs/'

test.each<[string, string[], string]>([
  [`code:in=${vs}birds`, ['bird', 'both', 'owl'], 'a value set has codes by their system'],
  [`code:in=${vs}birds|1`, ['bird', 'both', 'owl'], 'a value set is named with its version'],
  ['code:in=ValueSet/birds', ['bird', 'both', 'owl'], 'a value set is named by its place'],
  [
    'code:in=https://api.example.org/fhir/ValueSet/birds',
    ['bird', 'both', 'owl'],
    'a value set is named by its place on this server',
  ],
  [
    `code:in=${vs}birds,${vs}many`,
    ['bird', 'both', 'one-of-many', 'owl'],
    'one of several value sets will do',
  ],
  [`code:in=${vs}birds&code:in=${vs}all-but-birds`, ['both'], 'two codings may satisfy two value sets'],
  [`code:in=${vs}many`, ['one-of-many'], 'a value set may have more codes than lists are read'],
  [`code:in=${vs}many&patient=p1`, ['one-of-many'], 'another part of the search narrows it'],
  [`code:in=${vs}below-top`, ['hangs-below'], 'of a system that is held in part, what is known to be in it'],
  [
    `code:not-in=${vs}below-top`,
    but('hangs-below', 'hanging', 'not-held'),
    'what may be in it is not said to be outside',
  ],
  [`code:not-in=${vs}birds`, but('bird', 'both', 'owl'), 'what has no code is not in it either'],
  [`code:below=${animals}|mammal`, ['bat', 'both', 'dog'], 'the code itself and what lies below'],
  [`code:below=${animals}|bird`, ['bird', 'both', 'owl'], 'another branch'],
  [`code:above=${animals}|owl`, ['bird', 'both', 'owl'], 'the code itself and what lies above'],
  [`code:above=${animals}|bird`, ['bird'], 'nothing below'],
  [`code:below=${animals}|platypus`, [], 'a code that nobody has'],
  [`code:in=${vs}living-birds&patient=p1`, ['bird', 'both', 'owl'], 'within a patient'],
  [
    'subject:Patient.gender:in=http://hl7.org/fhir/ValueSet/administrative-gender',
    all,
    'at the end of a chain, for an element that is only a code',
  ],
  [`patient.gender:not-in=${vs}birds`, all, 'at the end of a chain, what is not in it'],
])('Condition?%s finds %j: %s', async (query, ids) => {
  expect(await found(`Condition?${query}`)).toEqual(ids)
})

test('a patient is found by what is below a code in a condition of theirs', async () => {
  expect(await found(`Patient?_has:Condition:patient:code:below=${animals}|mammal`)).toEqual(['p1', 'p2'])
})

test('a compartment and several types are searched by a value set', async () => {
  expect(await found(`Patient/p2/Condition?code:in=${vs}all-but-birds`)).toEqual(['dog'])
  expect(await found(`?_type=Condition,Observation&code:in=${vs}birds`)).toEqual(['bird', 'both', 'owl'])
})

test('the plan reads the lists of the codes', async () => {
  const { text } = await server.ask('GET', `/Condition?code:in=${vs}birds&_explain=true`)
  expect(text).toContain('Condition|code|owl')
})

test.each<[string, number, string]>([
  ['code:in=http://example.org/vs/nobody', 404, 'is not held'],
  ['code:in=ValueSet/nobody', 404, 'is not held'],
  [`code:in=${vs}all-loinc`, 404, 'http://loinc.org'],
  [`code:not-in=${vs}all-loinc`, 404, 'http://loinc.org'],
  [`code:in=${vs}round`, 422, 'leads back to itself'],
  ['code:below=http://snomed.info/sct|404684003', 404, 'is not held'],
  [`code:below=${animals}|unicorn`, 404, 'is no code'],
  ['code:below=owl', 400, 'a code with its system'],
])('Condition?%s is refused with %i: %s', async (query, status, says) => {
  const told = await server.ask('GET', `/Condition?${query}`)
  expect(told.status).toBe(status)
  expect(told.json.issue[0].diagnostics).toContain(says)
})

test('a value set is searched by as it was written a moment ago', async () => {
  const write = (code: string) =>
    server.ask('PUT', '/ValueSet/changing', {
      body: {
        resourceType: 'ValueSet',
        id: 'changing',
        url: `${vs}changing`,
        status: 'active',
        compose: { include: [{ system: animals, concept: [{ code }] }] },
      },
    })
  await write('dog')
  expect(await found(`Condition?code:in=${vs}changing`)).toEqual(['both', 'dog'])
  await write('bat')
  expect(await found(`Condition?code:in=${vs}changing`)).toEqual(['bat'])
})

test('a conditional create finds what is below a code', async () => {
  const { status } = await server.ask('POST', '/Condition', {
    headers: { 'If-None-Exist': `code:below=${animals}|bird&patient=p1&code=bird` },
    body: { ...bite('x', coding('bird')), id: undefined },
  })
  expect(status).toBe(200)
})
