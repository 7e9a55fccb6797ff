import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Failure } from '../../src/outcome/failure.ts'
import { specialParameters } from '../../src/search/parse/special.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { allIds, type Known, putAll, searchPage } from './hospital.ts'

let engines: Engines
const store = () => engines.openStore('main')
const ids = async (url: string) => (await allIds(store(), url)).toSorted()

const ucum = 'http://unitsofmeasure.org'
const measure = (id: string, value: number, code?: string, system = ucum): Known => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  valueQuantity: { value, ...(code !== undefined && { system, code, unit: code }) },
})
const place = (id: string, latitude: number, longitude: number): Known => ({
  resourceType: 'Location',
  id,
  position: { latitude, longitude },
})

const codeSystem = (version: string): Known => ({
  resourceType: 'CodeSystem',
  id: `c-${version}`,
  url: 'http://example.org/c',
  version,
})
const answers = (version = 'any'): Known => ({
  resourceType: 'QuestionnaireResponse',
  id: `q-${version}`,
  status: 'completed',
  questionnaire: `http://example.org/q${version === 'any' ? '' : `|${version}`}`,
})
const basic = (id: string, profile: string): Known => ({
  resourceType: 'Basic',
  id,
  meta: { profile: [profile] },
})
const note = (id: string, contentType: string): Known => ({
  resourceType: 'DocumentReference',
  id,
  status: 'current',
  content: [{ attachment: { contentType } }],
})

beforeAll(async () => {
  engines = await startEngines()
  const resources = [
    measure('grams', 0.005, 'g'),
    measure('milligrams', 5, 'mg'),
    measure('micrograms', 5600, 'ug'),
    measure('five', 5),
    measure('tablets', 5, 'mg', 'http://example.org/units'),
    measure('fever', 38.5, 'Cel'),
    measure('fahrenheit', 98.6, '[degF]'),
    measure('pulse', 60, '{beats}/min'),
    place('munich', 48.1375, 11.575),
    place('dachau', 48.26, 11.4342),
    place('paris', 48.8566, 2.3522),
    { resourceType: 'Location', id: 'nowhere' },
    ...['1.0', '1.1', '2.0'].map((version) => codeSystem(version)),
    basic('b-1', 'http://example.org/p|1'),
    basic('b-any', 'http://example.org/p'),
    basic('b-other', 'http://example.org/pq|1'),
    ...['1.0', '1.1', '10.0', undefined].map((version) => answers(version)),
    ...['text/xml', 'Text/XML; charset=UTF-8', 'text/xmlish'].map((contentType, i) =>
      note(`n${i}`, contentType),
    ),
  ]
  await putAll(store(), resources, '2026-01-01T00:00:00.000Z')
})

afterAll(() => engines.stop())

const refusal = (url: string): Promise<string> =>
  searchPage(store(), url).then(
    () => 'found',
    (thrown: unknown) => (thrown instanceof Failure ? (thrown.issues[0]?.diagnostics ?? '') : String(thrown)),
  )

describe('a quantity', () => {
  test.each([
    [`5|${ucum}|mg`, ['grams', 'milligrams']],
    [`5.0|${ucum}|mg`, ['grams', 'milligrams']],
    [`0.01|${ucum}|g`, ['grams', 'micrograms', 'milligrams']],
    [`gt5|${ucum}|mg`, ['micrograms']],
    [`ge5000|${ucum}|ug`, ['grams', 'micrograms', 'milligrams']],
    [`5||mg`, ['milligrams', 'tablets']],
    ['5', ['five', 'milligrams', 'tablets']],
    [`ne5|${ucum}|mg`, ['micrograms']],
    [`37|${ucum}|Cel`, ['fahrenheit']],
    [`lt310.15|${ucum}|K`, []],
    [`gt99|${ucum}|[degF]`, ['fever']],
    [`1|${ucum}|Hz`, ['pulse']],
    [`60|${ucum}|/min`, ['pulse']],
    ['5|http://example.org/units|mg', ['tablets']],
  ])('of %s is found in every unit', async (text, found) => {
    expect(await ids(`Observation?value-quantity=${encodeURIComponent(text)}`)).toEqual(found)
  })

  test('reads its own stretch of the index', async () => {
    const page = await searchPage(store(), `Observation?value-quantity=5|${ucum}|mg&_explain=true`)
    expect(page.explain.lists).toContain('Observation|value-quantity:g')
  })
})

describe('a place', () => {
  test.each([
    ['48.1375|11.575', ['dachau', 'munich']],
    ['48.1375|11.575|1|km', ['munich']],
    ['48.1375|11.575|1000|m', ['munich']],
    ['48.1375|11.575|700', ['dachau', 'munich', 'paris']],
    ['48.1375|11.575|700|kms', ['dachau', 'munich', 'paris']],
    ['48.1375|11.575|400|[mi_i]', ['dachau', 'munich']],
    ['48.1375|11.575|1,48.8566|2.3522|1', ['munich', 'paris']],
    ['0|0', []],
  ])('near %s is found', async (text, found) => {
    expect(await ids(`Location?near=${text}`)).toEqual(found)
  })

  test('is found by its cell, page by page', async () => {
    const page = await searchPage(store(), 'Location?near=48.1375|11.575|1&_explain=true')
    expect(page.explain.way).toContain('near')
    expect(await ids('Location?near=48.1375|11.575|700&_count=1')).toEqual(['dachau', 'munich', 'paris'])
  })

  test.each(['91|0', '0|181', '1', '0|0|-1', '0|0|5|kg', '0|0|5|km|x', 'a|b'])(
    'cannot be near %s',
    async (text) => {
      expect(await refusal(`Location?near=${text}`)).toContain('latitude, longitude')
    },
  )

  test('has no order', async () => {
    expect(await refusal('Location?_sort=near')).toContain('has no order')
  })
})

test.each([
  ['CodeSystem?url=http://example.org/c', ['c-1.0', 'c-1.1', 'c-2.0']],
  ['CodeSystem?url=http://example.org/c|1.0', ['c-1.0']],
  ['CodeSystem?url=http://example.org/c|1.0,http://example.org/c|2.0', ['c-1.0', 'c-2.0']],
  ['QuestionnaireResponse?questionnaire=http://example.org/q|1.0', ['q-1.0']],
  ['QuestionnaireResponse?questionnaire:below=http://example.org/q|1', ['q-1.0', 'q-1.1']],
  ['QuestionnaireResponse?questionnaire:below=http://example.org/q', ['q-1.0', 'q-1.1', 'q-10.0', 'q-any']],
  ['Basic?_profile=http://example.org/p', ['b-1', 'b-any']],
  ['Basic?_profile=http://example.org/p|1', ['b-1']],
  ['Basic?_profile:below=http://example.org/p', ['b-1', 'b-any', 'b-other']],
  ['Basic?_profile:below=http://example.org/p|', ['b-1']],
  ['DocumentReference?contenttype=text/xml', ['n0']],
  ['DocumentReference?contenttype:below=text/xml', ['n0', 'n1']],
])('%s finds a version, or a kind', async (url, found) => {
  expect(await ids(url)).toEqual(found)
})

describe('words', () => {
  test.each([
    ['(bone', 'ends too early'],
    ['bone)', '`)` at 5'],
    ['and bone', '`and` at 1'],
    ['bone or', 'ends too early'],
    ['bone -', '`-` at 6'],
    ['"bone', 'at 1'],
    ['()', '`)` at 2'],
  ])('are not put together as %s', async (text, reason) => {
    expect(await refusal(`Observation?_content=${encodeURIComponent(text)}`)).toContain(reason)
  })

  test('take no modifier, and are announced for a narrative only where there can be one', async () => {
    expect(await refusal('Observation?_text:exact=a')).toContain('takes no modifier')
    expect(await ids('Bundle?_text=a')).toEqual([])
    expect(specialParameters('Bundle').map(({ code }) => code)).not.toContain('_text')
  })

  test('are refused where the deployment does not remember them', async () => {
    process.env.WORD_INDEX = 'off'
    try {
      expect(await refusal('Observation?_content=a')).toContain('WORD_INDEX')
      expect(specialParameters('Observation').map(({ code }) => code)).not.toContain('_content')
    } finally {
      delete process.env.WORD_INDEX
    }
  })
})
