import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Failure } from '../../src/outcome/failure.ts'
import { parseFilter } from '../../src/search/parse/filter/grammar.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { allIds, type Known, putAll, searchPage } from './hospital.ts'

let engines: Engines
const store = () => engines.openStore('main')
const urlOf = (type: string, filter: string, more = ''): string =>
  `${type}?_filter=${encodeURIComponent(filter)}${more}`
const ids = async (type: string, filter: string, more = '') =>
  (await allIds(store(), urlOf(type, filter, more))).toSorted()

const loinc = 'http://loinc.org'
const patient = (id: string, given: string[], birthDate: string, more: object = {}): Known => ({
  resourceType: 'Patient',
  id,
  name: [{ given, family: 'Müller' }],
  birthDate,
  ...more,
})
const observation = (id: string, subject: string, code: string, value: number, more: object = {}): Known => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  subject: { reference: `Patient/${subject}` },
  code: { coding: [{ system: loinc, code }] },
  component: [
    {
      code: { coding: [{ system: loinc, code }] },
      valueQuantity: { value, system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
    },
  ],
  ...more,
})

beforeAll(async () => {
  engines = await startEngines()
  await putAll(
    store(),
    [
      patient('peter', ['Peter', 'James'], '2014-10-10', {
        active: true,
        link: [{ other: { reference: 'Patient/petra' } }],
      }),
      patient('petra', ['Petra'], '1980-05-01', { gender: 'female' }),
      patient('paul', ['Paul, the "old"'], '1930', { identifier: [{ system: 'urn:x', value: 'MRN-1' }] }),
      observation('high', 'petra', '8480-6', 160, {
        effectivePeriod: { start: '2020-01-01', end: '2020-03-01' },
      }),
      observation('low', 'petra', '8462-4', 80, { effectiveDateTime: '2020-02-01' }),
      observation('boy', 'peter', '8480-6', 100, { effectiveDateTime: '2021' }),
      { resourceType: 'ValueSet', id: 'set', url: 'http://example.org/sets/one', status: 'draft' },
    ],
    '2026-01-01T00:00:00.000Z',
  )
})

afterAll(() => engines.stop())

describe('a filter', () => {
  test.each([
    ['Patient', 'given eq "peter" and birthdate ge 2014-10-10', ['peter']],
    ['Patient', 'name co "pet"', ['peter', 'petra']],
    ['Patient', 'given eq pet', []],
    ['Patient', 'given sw pet', ['peter', 'petra']],
    ['Patient', 'given ew RA', ['petra']],
    ['Patient', 'given ne peter', ['paul', 'peter', 'petra']],
    ['Patient', 'not (given eq peter)', ['paul', 'petra']],
    ['Patient', 'given eq "Paul, the \\"old\\""', ['paul']],
    ['Patient', 'family eq muller', ['paul', 'peter', 'petra']],
    ['Patient', 'given gt "paul" and given lt "petra"', ['paul', 'peter']],
    ['Patient', 'birthdate lt 1980-05-01 or gender eq female', ['paul', 'petra']],
    ['Patient', 'birthdate po 1980', ['petra']],
    ['Patient', 'birthdate sa 1980', ['peter']],
    ['Patient', 'gender pr true', ['petra']],
    ['Patient', 'gender pr false', ['paul', 'peter']],
    ['Patient', 'identifier sw mrn', ['paul']],
    ['Patient', 'identifier eq urn:x|MRN-1', ['paul']],
    ['Patient', '_id eq paul or _id eq petra', ['paul', 'petra']],
    ['Patient', 'given eq peter or given eq petra and gender eq female', ['petra']],
    ['Patient', 'given eq peter or (given eq petra and gender eq female)', ['peter', 'petra']],
    ['Patient', 'link.given eq petra', ['peter']],
    ['Patient', '_has:Observation:patient:code eq 8462-4', ['petra']],
    ['Observation', `code eq ${loinc}|8480-6`, ['boy', 'high']],
    ['Observation', 'code ne 8480-6', ['low']],
    ['Observation', 'subject.name co "pet"', ['boy', 'high', 'low']],
    ['Observation', 'subject:Patient.gender eq female and not(code eq 8462-4)', ['high']],
    ['Observation', 'subject[given eq petra].birthdate lt 1990', ['high', 'low']],
    ['Observation', 'subject[given eq peter].birthdate lt 1990', []],
    ['Observation', 'subject re Patient/peter', ['boy']],
    ['Observation', 'patient ne peter', ['high', 'low']],
    ['Observation', 'date po 2020-02', ['high', 'low']],
    ['Observation', 'date eq 2020-02', ['low']],
    ['Observation', 'component-value-quantity gt 12|http://unitsofmeasure.org|kPa', ['boy', 'high']],
    [
      'Observation',
      'component-code-value-quantity[component-code eq 8480-6].component-value-quantity gt 120',
      ['high'],
    ],
    ['Observation', 'component-code-value-quantity eq "8462-4$80"', ['low']],
    ['Observation', '_content co "nothing"', []],
    ['ValueSet', 'url sw http://example.org/', ['set']],
    ['ValueSet', 'url ss http://example.org/sets', ['set']],
    ['ValueSet', 'url sb http://example.org/sets/one/two', ['set']],
  ])('of %s: %s', async (type, filter, found) => {
    expect(await ids(type, filter)).toEqual(found)
  })

  test('holds together with all else', async () => {
    expect(await ids('Observation', 'code eq 8480-6', '&subject=Patient/petra')).toEqual(['high'])
    expect(await ids('Patient', 'given sw pet', '&_filter=gender pr false&_count=1')).toEqual(['peter'])
  })

  test('is driven by what the index can narrow', async () => {
    const way = async (filter: string) => (await searchPage(store(), urlOf('Observation', filter))).explain
    expect((await way('status ne x and (code eq 8480-6 and date po 2020)')).candidates.equal).toEqual([
      'code',
    ])
    expect((await way('code eq 8480-6 or code eq 8462-4')).candidates.equal).toEqual(['code'])
    expect((await way('subject eq Patient/peter and code eq 8480-6')).way).toBe('subject')
    expect((await way('code eq 8480-6 or date po 2020')).candidates).toEqual({ equal: [], ranges: [] })
  })

  test.each([
    ['', 1, 'the name of a parameter is expected, not nothing'],
    ['given', 6, 'an operator'],
    ['given eq', 9, 'a value is expected'],
    ['given equals peter', 7, 'an operator (eq, ne'],
    ['given eq peter and', 19, 'the name of a parameter'],
    ['('.repeat(60), 51, 'brackets nest deeper than 50 levels'],
    [`${'link.'.repeat(900)}name eq a`, 251, 'a path leads over more than 50 names'],
    ['given eq peter and '.repeat(500), 8001, 'at most 8000 characters'],
    ['(given eq peter', 16, '`and`, `or` or `)` is expected, not nothing'],
    ['given eq peter)', 15, '`and`, `or` or the end is expected'],
    ['given eq "peter', 10, 'a text begins that does not end'],
    ['given eq "\\x"', 10, 'as JSON writes it'],
    ['given eq a given eq b', 12, '`and`, `or` or the end'],
    ['gender eq x and nonsense eq 1', 17, '`nonsense` is no search parameter of Patient'],
    ['birthdate co 2014', 11, 'takes `eq`, `ne`'],
    ['birthdate eq yesterday', 14, 'is no value of `birthdate`'],
    ['birthdate ge ge2014', 14, 'is no value of `birthdate`'],
    [
      'telecom eq phone|555',
      12,
      '`phone|555` is no value of `telecom`: what it finds, of type ContactPoint, has no',
    ],
    ['active ne "http://example.org/a|true"', 11, 'so that it takes a value without `|`.'],
    ['organization.active eq |true', 24, 'so that it takes a value without `|`.'],
    ['gender pr maybe', 11, '`true` or `false`'],
    ['gender.code eq x', 1, 'is no reference'],
    ['link[given eq x] eq y', 17, '`.` and the name'],
    ['general-practitioner:Patient.name eq x', 1, 'cannot point to `Patient`'],
    ['organization.nonsense eq x', 14, '`nonsense` is no search parameter of Organization'],
    ['general-practitioner.birthplace eq x', 1, 'nothing that `general-practitioner` can point to'],
    ['_content gt x', 10, 'takes `co`'],
  ])('%s is refused at its character %i', async (filter, at, reason) => {
    const thrown = await searchPage(store(), urlOf('Patient', filter)).catch((error: unknown) => error)
    const text = thrown instanceof Failure ? (thrown.issues[0]?.diagnostics ?? '') : String(thrown)
    expect(text).toContain(`from character ${at} on`)
    expect(text).toContain(reason)
  })

  test('binds `and` and `or` from left to right', () => {
    const shape = (filter: ReturnType<typeof parseFilter>): unknown =>
      filter.kind === 'test' ? filter.value : [filter.kind, ...filter.parts.map(shape)]
    expect(shape(parseFilter('a eq 1 and b eq 2 and c eq 3 or d eq 4 and not (e eq 5)'))).toEqual([
      'all',
      ['any', ['all', '1', '2', '3'], '4'],
      ['none', '5'],
    ])
  })
})
