import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Failure } from '../../src/outcome/failure.ts'
import { parseQuery } from '../../src/search/parse/parse.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { allIds, base, type Known, putAll } from './hospital.ts'

/** https://hl7.org/fhir/R4/search.html#modifiers — a parameter of each type, and a value that the modifier takes. */
const modifiers: Readonly<Record<string, string>> = {
  missing: 'true',
  exact: 'x',
  contains: 'x',
  text: 'x',
  not: 'x',
  in: 'http://hl7.org/fhir/ValueSet/administrative-gender',
  'not-in': 'http://hl7.org/fhir/ValueSet/administrative-gender',
  above: 'http://example.org/a|b',
  below: 'http://example.org/a|b',
  'of-type': 'http://example.org|MR|1',
  identifier: 'x|y',
  Patient: '1',
}

const allowed: readonly (readonly [
  url: string,
  type: string,
  modifiers: readonly string[],
  value?: string,
])[] = [
  ['Patient?name', 'string', ['missing', 'exact', 'contains']],
  ['Patient?identifier', 'token', ['missing', 'text', 'not', 'in', 'not-in', 'above', 'below', 'of-type']],
  ['Observation?subject', 'reference', ['missing', 'identifier', 'Patient']],
  ['MeasureReport?measure', 'reference to a canonical address', ['missing', 'identifier', 'below']],
  ['Encounter?location', 'reference in a hierarchy', ['missing', 'identifier', 'above', 'below'], '1'],
  ['ValueSet?url', 'uri', ['missing', 'above', 'below']],
  ['Patient?birthdate', 'date', ['missing']],
  ['RiskAssessment?probability', 'number', ['missing']],
  ['Observation?value-quantity', 'quantity', ['missing']],
  ['Observation?code-value-quantity', 'composite', []],
  ['Location?near', 'special', ['missing']],
]

const table = allowed.flatMap(([url, type, own, value]) =>
  Object.entries(modifiers).map(([modifier, usual]) => ({
    url,
    type,
    modifier,
    value: modifier === 'above' || modifier === 'below' ? (value ?? usual) : usual,
    verb: own.includes(modifier) ? 'takes' : 'refuses',
  })),
)

const isTaken = (url: string, modifier: string, value: string): boolean => {
  const [type = '', name = ''] = url.split('?')
  const options = { lenient: true, base }
  try {
    return parseQuery(type, [[`${name}:${modifier}`, value]], options).issues.length === 0
  } catch (problem) {
    if (problem instanceof Failure) return false
    throw problem
  }
}

describe('a parameter', () => {
  test.each(table)('of type $type $verb :$modifier ($url)', ({ url, modifier, value, verb }) => {
    expect(isTaken(url, modifier, value)).toBe(verb === 'takes')
  })
})

describe('a hierarchy', () => {
  let engines: Engines
  const ids = async (url: string) => (await allIds(engines.openStore('main'), url)).toSorted()
  const location = (id: string, whole?: string): Known => ({
    resourceType: 'Location',
    id,
    ...(whole !== undefined && { partOf: { reference: `Location/${whole}` } }),
  })
  const encounter = (id: string, at: string): Known => ({
    resourceType: 'Encounter',
    id,
    location: [{ location: { reference: `Location/${at}` } }],
  })

  beforeAll(async () => {
    engines = await startEngines()
    await putAll(
      engines.openStore('main'),
      [
        ...[location('house'), location('ward', 'house'), location('room', 'ward'), location('bed', 'room')],
        ...[location('shed'), location('ring-1', 'ring-2'), location('ring-2', 'ring-1')],
        ...['house', 'ward', 'bed', 'shed', 'ring-1', 'ring-2'].map((id) => encounter(`in-${id}`, id)),
      ],
      '2026-01-01T00:00:00.000Z',
    )
  })

  afterAll(() => engines.stop())

  test.each([
    ['Encounter?location:below=Location/house', ['in-bed', 'in-house', 'in-ward']],
    ['Encounter?location:below=ward', ['in-bed', 'in-ward']],
    ['Encounter?location:above=bed', ['in-bed', 'in-house', 'in-ward']],
    ['Encounter?location:above=room,shed', ['in-house', 'in-shed', 'in-ward']],
    ['Encounter?location:below=ring-1', ['in-ring-1', 'in-ring-2']],
    ['Encounter?location:below=nowhere', []],
    ['Location?partof:below=house', ['bed', 'room', 'ward']],
    ['Location?_has:Encounter:location:_id=in-bed', ['bed']],
    ['Encounter?location.partof:above=room', ['in-bed', 'in-ward']],
  ])('%s finds what is part or whole', async (url, found) => {
    expect(await ids(url)).toEqual(found)
  })
})
