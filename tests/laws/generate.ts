import fc from 'fast-check'
import type { Known } from '../search/hospital.ts'
import { parameters } from './brute.ts'
import { meant } from './terms.ts'

/** Small alphabets, so that queries hit, and values that lie on each other's edges. */

const loinc = 'http://loinc.org'
const codes = ['8867-4', '8480-6', '8462-4', 'a,b', 'x']
const systems = [loinc, 'http://snomed.info/sct']
const ids = ['1', '2', '3', 'x-4']

const pick = <T>(...values: T[]) => fc.constantFrom(...values)
const some = <T>(arbitrary: fc.Arbitrary<T>, maxLength = 2) =>
  fc.array(arbitrary, { minLength: 1, maxLength })

const date = pick(
  '2019',
  '2020',
  '2020-01',
  '2020-02-29',
  '2020-01-05',
  '2020-01-05T10:00:00Z',
  '2020-01-05T10:00:00.500Z',
  '2020-01-05T23:30:00-02:00',
  '2020-01-06T00:30:00+01:00',
  '2020-03-01T12:00:00+05:30',
  '2021-07-04',
  '2023-12-31T23:59:59Z',
)

const day = date.map((text) => text.slice(0, 10))

const period = fc
  .tuple(fc.option(date, { nil: undefined }), pick(0, 1, 20, 300, 2000), fc.boolean())
  .map(([start, days, closed]) => {
    const from = start ?? '2019-06-01'
    const end = new Date(Date.parse(from.slice(0, 10)) + (400 + days) * 86_400_000).toISOString().slice(0, 10)
    const near = new Date(Date.parse(from.slice(0, 10)) + (days + 2) * 86_400_000).toISOString().slice(0, 10)
    if (start === undefined) return { end }
    return closed ? { start, end: near } : { start }
  })

const coding = fc.record({ system: pick(...systems), code: pick(...codes) }, { requiredKeys: ['code'] })
const concept = fc.record({ coding: some(coding) })
const amount = pick(0, 5, 5.4, 5.44, 5.45, 5.5, 60, 99.5, 100, 100.5, -5, 0.001, 1e6)
const ucum = 'http://unitsofmeasure.org'
const unlabelled = fc.record(
  { value: amount, unit: pick('mg', 'milligram'), system: pick(ucum), code: pick('mg', 'kg', 'zz') },
  { requiredKeys: ['value'] },
)

/** Amounts that lie on each other or on each other's edges in different units. */
const measured = pick<[number, string]>(
  [5, 'mg'],
  [0.005, 'g'],
  [5440, 'ug'],
  [0.0000055, 'kg'],
  [5, '[lb_av]'],
  [37, 'Cel'],
  [98.6, '[degF]'],
  [310.15, 'K'],
  [36.4, 'Cel'],
  [60, '/min'],
  [1, 'Hz'],
  [3599, '/h'],
  [60, '{beats}/min'],
  [100, '%'],
  [1, '1'],
  [100, 'mm[Hg]'],
  [13.3322, 'kPa'],
  [5.4, 'mg/dL'],
  [54, 'mg/L'],
  [-5, 'Cel'],
)
const quantity = fc.oneof(
  unlabelled,
  measured.map(([value, code]) => ({ value, unit: code, system: ucum, code })),
)
const word = pick('Anna', 'ANNABEL', 'Ånna', 'Müller', 'mueller', "O'Neil", 'Saint-Denis', 'Zoë', 'ab', 'b')
const reference = (...types: string[]) =>
  fc.tuple(pick(...types), pick(...ids)).map(([type, id]) => ({ reference: `${type}/${id}` }))
const identifier = fc.record({ system: pick(...systems), value: pick(...ids) }, { requiredKeys: ['value'] })
const uri = pick(
  'http://example.org/a',
  'http://example.org/a/b',
  'http://example.org/a/b/c',
  'http://example.org/ab',
  'http://example.org/a/',
  'urn:oid:1.2',
  'urn:oid:1.2.3',
)
const canonical = fc.tuple(uri, pick('', '', '|1', '|2', '|7')).map((parts) => parts.join(''))
/** Towns, the date line, the poles, and what lies a little beside them. */
const towns: [number, number][] = [
  [42.25, -83.69],
  [48.1375, 11.575],
  [0, 0],
  [-16.5, 180],
  [-16.5, -179.99],
  [89.95, 20],
  [-90, 0],
]
const place = fc
  .tuple(pick(...towns), pick(0, 0.001, 0.04, -0.2, 3), pick(0, 0.001, -0.04, 0.3, 5))
  .map(([[latitude, longitude], up, across]) => ({
    latitude: Math.max(Math.min(latitude + up, 90), -90),
    longitude: ((longitude + across + 540) % 360) - 180,
  }))
const meta = fc.record(
  { tag: some(coding), profile: some(fc.tuple(uri, pick('', '', '|1')).map((parts) => parts.join(''))) },
  { requiredKeys: [] },
)

const optional = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] })

const bodies: Record<string, fc.Arbitrary<object>> = {
  Observation: fc
    .tuple(
      optional({
        meta,
        status: pick('final', 'preliminary'),
        code: concept,
        category: some(concept),
        identifier: some(identifier),
        subject: reference('Patient', 'Group', 'Device'),
        performer: some(reference('Patient', 'Practitioner'), 3),
        encounter: reference('Encounter'),
        component: some(fc.record({ code: concept, valueQuantity: quantity })),
      }),
      pick({}, { a: 1 }, { b: 1 }),
      date,
      period,
      fc.oneof(
        quantity.map((valueQuantity) => ({ valueQuantity })),
        word.map((valueString) => ({ valueString })),
        concept.map((valueCodeableConcept) => ({ valueCodeableConcept })),
        date.map((valueDateTime) => ({ valueDateTime })),
        fc.constant({}),
      ),
    )
    .map(([body, choice, effectiveDateTime, effectivePeriod, value]) => ({
      ...body,
      ...value,
      ...('a' in choice ? { effectiveDateTime } : 'b' in choice ? { effectivePeriod } : {}),
    })),
  Patient: optional({
    meta,
    active: fc.boolean(),
    name: some(fc.record({ family: word, given: some(word) }, { requiredKeys: ['family'] })),
    address: some(fc.record({ city: word, line: some(word) }, { requiredKeys: ['city'] })),
    birthDate: day,
    deceasedDateTime: date,
    gender: pick('male', 'female'),
    identifier: some(identifier),
    telecom: some(
      fc.record({
        system: pick('email', 'phone'),
        value: pick('a@example.org', 'A@Example.org', '555', '556'),
      }),
    ),
    managingOrganization: reference('Organization'),
    link: some(fc.record({ other: reference('Patient', 'RelatedPerson') })),
  }),
  Encounter: optional({
    meta,
    class: coding,
    type: some(concept),
    period,
    location: some(fc.record({ period })),
    subject: reference('Patient', 'Group'),
  }),
  Condition: fc
    .tuple(
      optional({
        meta,
        code: concept,
        clinicalStatus: concept,
        recordedDate: date,
        subject: reference('Patient', 'Group'),
      }),
      fc.oneof(
        date.map((onsetDateTime) => ({ onsetDateTime })),
        period.map((onsetPeriod) => ({ onsetPeriod })),
        fc.constant({}),
      ),
    )
    .map(([body, onset]) => ({ ...body, ...onset })),
  RiskAssessment: optional({
    meta,
    subject: reference('Patient', 'Group'),
    prediction: some(fc.record({ probabilityDecimal: pick(0.1, 0.15, 0.2, 0.25, 1) })),
  }),
  Location: optional({ meta, name: word, position: place }),
  ValueSet: optional({ meta, url: uri, title: word, date, version: pick('1', '2', '10') }),
  ConceptMap: optional({ meta, title: word, sourceCanonical: canonical }),
}

export const types = Object.keys(bodies)

/** Returns so many resources of every type, the same for the same seed. */
export const someResources = (perType: number, seed: number): Known[] =>
  Object.entries(bodies).flatMap(([resourceType, body], n) =>
    fc.sample(body, { numRuns: perType, seed: seed + n }).map((content, i) => ({
      ...content,
      resourceType,
      id:
        resourceType === 'Patient' && i < ids.length ? (ids[i] ?? '') : `${resourceType.toLowerCase()}-${i}`,
    })),
  )

const prefixed = (values: fc.Arbitrary<string>) =>
  fc
    .tuple(pick('', '', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'), values)
    .map(([prefix, value]) => prefix + value)

const code = pick(
  '8867-4',
  '8480-6',
  '8462-4',
  'x',
  'final',
  'male',
  'true',
  '1',
  '2',
  'a@example.org',
  'A@EXAMPLE.ORG',
  '555',
)
const system = pick(
  ...systems,
  'http://hl7.org/fhir/administrative-gender',
  'http://hl7.org/fhir/observation-status',
)

const values: Record<string, { texts: fc.Arbitrary<string>; modifiers: string[] }> = {
  token: {
    texts: fc.oneof(
      code,
      fc.tuple(system, code).map((pair) => pair.join('|')),
      code.map((each) => `|${each}`),
      system.map((each) => `${each}|`),
    ),
    modifiers: ['', '', '', '', 'not', 'missing', 'in', 'not-in', 'above', 'below'],
  },
  reference: {
    texts: fc
      .tuple(pick('', 'Patient/', 'Group/', 'Practitioner/', 'Encounter/'), pick(...ids))
      .map((parts) => parts.join('')),
    modifiers: ['', '', 'missing'],
  },
  date: { texts: prefixed(date), modifiers: ['', '', '', 'missing'] },
  string: {
    texts: pick('an', 'Anna', 'annab', 'mü', 'MUELLER', 'oneil', "O'N", 'saintd', 'z', 'b', 'é'),
    modifiers: ['', '', 'exact', 'contains', 'missing'],
  },
  number: { texts: prefixed(pick('0.1', '0.2', '0.15', '1', '0')), modifiers: ['', 'missing'] },
  quantity: {
    texts: fc.oneof(
      fc
        .tuple(
          prefixed(pick('5', '5.4', '5.40', '5.5', '100', '100.0', '-5', '0', '60')),
          pick('', '||mg', `|${ucum}|kg`, `|${ucum}|mg`, `|${ucum}|zz`, `|${ucum}|`, '||{beats}/min'),
        )
        .map((parts) => parts.join('')),
      fc
        .tuple(prefixed(measured.map(String)), fc.constant(ucum))
        .map(([pair, system]) => pair.replace(',', `|${system}|`)),
    ),
    modifiers: ['', '', 'missing'],
  },
  composite: {
    texts: fc.tuple(code, prefixed(pick('5', '5.4', '60', '100'))).map((parts) => parts.join('$')),
    modifiers: [''],
  },
  near: {
    texts: fc
      .tuple(place, pick('', '|1', '|30|km', '|500|m', '|20|[mi_i]', '|700', '|9000|km', '|30000'))
      .map(([{ latitude, longitude }, reach]) => `${latitude}|${longitude}${reach}`),
    modifiers: ['', '', '', 'missing'],
  },
  uri: { texts: uri, modifiers: ['', 'below', 'above', 'missing'] },
}

/** One search: its type, clauses, sort keys and page size. */
export interface Asked {
  type: string
  clauses: [name: string, value: string][]
  sort: string
  count: number
}

/** What has no system takes no `|`, and what holds canonical addresses is searched by them. */
const own: Record<string, { texts: fc.Arbitrary<string>; modifiers: string[] }> = {
  'Patient.telecom': { texts: code, modifiers: ['', '', 'not', 'missing'] },
  'Patient.email': { texts: code, modifiers: ['', '', 'not', 'missing'] },
  'Patient.phone': { texts: code, modifiers: ['', '', 'not', 'missing'] },
  'Patient.active': { texts: code, modifiers: ['', '', 'not', 'missing'] },
  'ConceptMap.source': { texts: canonical, modifiers: ['', '', 'missing'] },
}

/** What leads over a canonical address, as one more clause of a type. */
const chained: Record<string, readonly [prefix: string, type: string, code: string][]> = {
  ConceptMap: [
    ['source.', 'ValueSet', 'title'],
    ['source:ValueSet.', 'ValueSet', 'version'],
    ['source.', 'ValueSet', 'date'],
  ],
  ValueSet: [['_has:ConceptMap:source:', 'ConceptMap', 'title']],
}

const chainsOf = (type: string): fc.Arbitrary<[string, string]>[] =>
  (chained[type] ?? []).map(([prefix, target, code]) =>
    clauseOf(target, code).map(([name, value]): [string, string] => [prefix + name, value]),
  )

const clauseOf = (type: string, code: string): fc.Arbitrary<[string, string]> => {
  const kind = values[parameters[type]?.[code]?.kind ?? '']
  const { texts, modifiers } = own[`${type}.${code}`] ?? kind ?? { texts: fc.constant(''), modifiers: [''] }
  return pick(...modifiers).chain((modifier) => {
    const name = modifier ? `${code}:${modifier}` : code
    if (modifier === 'missing') return pick('true', 'false').map((value): [string, string] => [name, value])
    const coded = meant[modifier.replace('not-in', 'in')]
    if (coded && parameters[type]?.[code]?.kind === 'token')
      return some(pick(...Object.keys(coded))).map((each): [string, string] => [name, each.join(',')])
    return some(texts).map((each): [string, string] => [name, each.join(',')])
  })
}

/** A `date` twice is a range, a patient drives: such clauses come more often than the rest. */
const clausesOf = (type: string): fc.Arbitrary<[string, string][]> => {
  const names = Object.keys(parameters[type] ?? {}).filter(
    (name) => name !== '_id' && name !== '_lastUpdated',
  )
  const frequent = names.filter((name) => /patient|subject|date|code|name/.test(name))
  const any = fc.oneof(pick(...names), pick(...(frequent.length > 0 ? frequent : names)))
  const plain = any.chain((name) => clauseOf(type, name))
  return fc.array(fc.oneof(plain, plain, ...chainsOf(type)), { maxLength: 3 })
}

export const asked: fc.Arbitrary<Asked> = pick(...types).chain((type) => {
  const names = Object.keys(parameters[type] ?? {}).filter(
    (name) => !['composite', 'near'].includes(parameters[type]?.[name]?.kind ?? ''),
  )
  const key = fc.tuple(
    pick('', '-'),
    pick(...names, 'date', 'onset-date').filter((name) => names.includes(name)),
  )
  return fc.record({
    type: fc.constant(type),
    clauses: clausesOf(type),
    sort: fc.oneof(
      fc.constant(''),
      some(
        key.map((parts) => parts.join('')),
        2,
      ).map((keys) => keys.join(',')),
    ),
    count: pick(2, 7, 20, 50, 1000),
  })
})
