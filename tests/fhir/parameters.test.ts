import { describe, expect, test } from 'vitest'
import { readDefinitions, usCoreParameters } from '../../src/fhir/generate/source.ts'
import {
  compartmentParameters,
  extract,
  extractAll,
  extractComposite,
  searchParameters,
} from '../../src/fhir/parameters.ts'
import { searchExpression } from '../../src/fhir/path/expressions.ts'
import { isResourceType, resourceTypes } from '../../src/fhir/types.ts'
import { dataFiles, readData } from './official.ts'

interface Official {
  url: string
  code: string
  type: string
  base?: string[]
  target?: string[]
  expression?: string
  component?: { definition: string; expression: string }[]
}

const official = dataFiles('r4-core', 'SearchParameter-').map((file) => readData<Official>(file))

/** Published as examples of how to write one, or without an expression: nothing that could be extracted. */
const left = ({ url, expression }: Official): boolean =>
  expression === undefined || /SearchParameter\/example/.test(url)

const facts = ({ url, code, type, base = [], target = [], expression, component = [] }: Official) => ({
  url,
  code,
  type,
  base: base.toSorted(),
  target: target.toSorted(),
  expression,
  component: component.map((part) => [part.definition, part.expression]),
})
const inOrder = (parameters: readonly Official[]) =>
  parameters
    .filter((parameter) => !left(parameter))
    .map(facts)
    .sort((a, b) => (a.url < b.url ? -1 : 1))

test.runIf(official.length > 0)('corrected definitions equal the official search parameters', () => {
  expect(inOrder(readDefinitions().searchParameters)).toEqual(inOrder(official))
})

test.runIf(official.length > 0)('every official search parameter is registered for each of its types', () => {
  const expected = [...official, ...usCoreParameters()]
    .filter((parameter) => !left(parameter))
    .flatMap(({ base = [], code, type, url }) => base.map((name) => `${name} ${code} ${type} ${url}`))
  const registered = ['Resource', ...resourceTypes].flatMap((name) =>
    [...searchParameters(name).values()]
      .filter(({ code }) => name === 'Resource' || !code.startsWith('_'))
      .map(({ code, type, url }) => `${name} ${code} ${type} ${url}`),
  )
  expect(new Set(registered)).toEqual(new Set(expected))
})

test.runIf(official.length > 0)('targets never exceed the official ones', () => {
  const targets = new Map(official.map((parameter) => [parameter.url, new Set(parameter.target)]))
  const beyond = resourceTypes.flatMap((name) =>
    [...searchParameters(name).values()].filter(({ url, targets: own = [] }) =>
      own.some((target) => !targets.get(url)?.has(target)),
    ),
  )
  expect(beyond).toEqual([])
})

test.runIf(official.length > 0)('the patient compartment equals the official one', () => {
  const [file = ''] = dataFiles('r4-core', 'CompartmentDefinition-patient')
  const { resource } = readData<{ resource: { code: string; param?: string[] }[] }>(file)
  for (const { code, param = [] } of resource) expect(compartmentParameters(code), code).toEqual(param)
})

test('knows the 146 resource types', () => {
  expect(resourceTypes).toHaveLength(146)
  expect(isResourceType('Patient')).toBe(true)
  expect(isResourceType('DomainResource')).toBe(false)
  expect(isResourceType('constructor')).toBe(false)
})

test('every parameter of every type extracts nothing from an empty resource', () => {
  for (const resourceType of resourceTypes) {
    const values = [...extractAll({ resourceType }).keys()]
    expect(values, resourceType).toEqual(resourceType === 'Patient' ? ['deceased'] : [])
  }
})

test('parameters held by others name parameters of the same type that hold themselves', () => {
  for (const name of resourceTypes) {
    const parameters = searchParameters(name)
    for (const { type, within = [] } of parameters.values()) {
      for (const holder of within) {
        expect(parameters.get(holder)).toMatchObject({ type })
        expect(parameters.get(holder)?.within).toBeUndefined()
      }
    }
  }
})

const observation = {
  resourceType: 'Observation',
  id: 'o',
  meta: { tag: [{ code: 't' }], profile: ['http://p'] },
  status: 'final',
  code: { text: 'pressure' },
  subject: { reference: 'Patient/1' },
  effectiveDateTime: '2020-01-01',
  component: [
    { code: { text: 'systolic' }, valueQuantity: { value: 120 } },
    { code: { text: 'diastolic' }, valueQuantity: { value: 80 } },
  ],
}

test('extracts values with their types and code systems', () => {
  expect(Object.fromEntries(extractAll(observation))).toEqual({
    _id: [{ type: 'id', value: 'o' }],
    _tag: [{ type: 'Coding', value: { code: 't' } }],
    _profile: [{ type: 'canonical', value: 'http://p' }],
    status: [{ type: 'code', value: 'final', system: 'http://hl7.org/fhir/observation-status' }],
    code: [{ type: 'CodeableConcept', value: { text: 'pressure' } }],
    subject: [{ type: 'Reference', value: { reference: 'Patient/1' } }],
    patient: [{ type: 'Reference', value: { reference: 'Patient/1' } }],
    date: [{ type: 'dateTime', value: '2020-01-01' }],
    'component-code': ['systolic', 'diastolic'].map((text) => ({ type: 'CodeableConcept', value: { text } })),
    'component-value-quantity': [120, 80].map((value) => ({ type: 'Quantity', value: { value } })),
    'combo-code': ['pressure', 'systolic', 'diastolic'].map((text) => ({
      type: 'CodeableConcept',
      value: { text },
    })),
    'combo-value-quantity': [120, 80].map((value) => ({ type: 'Quantity', value: { value } })),
  })
})

test('a composite keeps together what belongs to one element', () => {
  expect(extractComposite(observation, 'component-code-value-quantity')).toEqual([
    [
      [{ type: 'CodeableConcept', value: { text: 'systolic' } }],
      [{ type: 'Quantity', value: { value: 120 } }],
    ],
    [
      [{ type: 'CodeableConcept', value: { text: 'diastolic' } }],
      [{ type: 'Quantity', value: { value: 80 } }],
    ],
  ])
})

test.each([
  ['a relative reference', { reference: 'Patient/1' }, 1],
  ['an absolute reference', { reference: 'https://x.example/fhir/Patient/1/_history/2' }, 1],
  ['a reference to another type', { reference: 'Group/1' }, 0],
  ['the type element', { type: 'Patient', identifier: { value: '1' } }, 1],
  ['a contained patient', { reference: '#p' }, 1],
  ['a contained group', { reference: '#g' }, 0],
  ['a urn of unknown type', { reference: 'urn:uuid:1' }, 0],
])('`patient` looks through %s', (_, subject, count) => {
  const contained = [
    { resourceType: 'Patient', id: 'p' },
    { resourceType: 'Group', id: 'g' },
  ]
  expect(extract({ ...observation, contained, subject }, 'patient')).toHaveLength(count)
})

test('extracts by condition and from extensions', () => {
  const telecom = [
    { system: 'phone', value: '1' },
    { system: 'email', value: 'a@b' },
  ]
  const { url } = searchParameters('Patient').get('mothersMaidenName') ?? {}
  const address = /'(.*)'/.exec(searchExpression('Patient', 'mothersMaidenName'))?.[1]
  const patient = { resourceType: 'Patient', telecom, extension: [{ url: address, valueString: 'Doe' }] }
  expect(extract(patient, 'email')).toEqual([{ type: 'ContactPoint', value: telecom[1] }])
  expect(extract(patient, 'mothersMaidenName')).toEqual([{ type: 'string', value: 'Doe' }])
  expect(url).toContain('patient-extensions')
})

describe('the first entry of a bundle', () => {
  const entry = [{ fullUrl: 'urn:uuid:1', resource: { resourceType: 'Composition', id: 'c' } }]
  const link = (reference: string) => ({ type: 'Reference', value: { reference } })

  test('is known by its type and id, and by its fullUrl', () => {
    const document = { resourceType: 'Bundle', type: 'document', entry }
    expect(extract(document, 'composition')).toEqual([link('Composition/c'), link('urn:uuid:1')])
    expect(extract(document, 'message')).toEqual([])
  })

  test.each(['collection', 'message', 'transaction'])('is no composition in a %s', (type) => {
    expect(extract({ resourceType: 'Bundle', type, entry }, 'composition')).toEqual([])
  })

  test('is there without a name too', () => {
    const header = { resourceType: 'MessageHeader' }
    const message = { resourceType: 'Bundle', type: 'message', entry: [{ resource: header }] }
    expect(extract(message, 'message')).toEqual([{ type: 'Reference', value: { type: 'MessageHeader' } }])
  })
})

describe('a composite holds values of the parameters that its components name', () => {
  test('also where R4 has their expressions the wrong way round', () => {
    const target = { reference: 'DocumentReference/d1' }
    const document = { resourceType: 'DocumentReference', relatesTo: [{ code: 'appends', target }] }
    expect(extractComposite(document, 'relationship')).toEqual([
      [
        [{ type: 'Reference', value: target }],
        [{ type: 'code', value: 'appends', system: 'http://hl7.org/fhir/document-relationship-type' }],
      ],
    ])
  })

  test('and no others', () => {
    const characteristic = [{ code: { text: 'weight' }, valueQuantity: { value: 5, code: 'kg' } }]
    expect(extractComposite({ resourceType: 'Group', characteristic }, 'characteristic-value')).toEqual([
      [[{ type: 'CodeableConcept', value: { text: 'weight' } }], []],
    ])
  })
})

test('a patient is deceased by flag or by date', () => {
  const deceased = (fields: object) => extract({ resourceType: 'Patient', ...fields }, 'deceased')[0]?.value
  expect(deceased({})).toBe(false)
  expect(deceased({ deceasedBoolean: false })).toBe(false)
  expect(deceased({ deceasedBoolean: true })).toBe(true)
  expect(deceased({ deceasedDateTime: '2020' })).toBe(true)
})
