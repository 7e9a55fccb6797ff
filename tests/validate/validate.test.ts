import { expect, test } from 'vitest'
import type { Resource } from '../../src/fhir/definitions.ts'
import { validate } from '../../src/validate/validate.ts'
import cases from '../cases/validation.json' with { type: 'json' }
import { dataFiles, syntheaResources } from '../fhir/official.ts'

interface Case {
  fault: string
  resource: Resource
  expression: string
  says?: string
}

test.each(cases as unknown as Case[])('finds $fault, and nothing else', ({ resource, expression, says }) => {
  const issues = validate(resource, resource.resourceType)
  expect(issues.map((issue) => issue.expression)).toEqual([expression])
  if (says) expect(issues[0]?.diagnostics).toContain(says)
})

const patient = (fields: object) => validate({ resourceType: 'Patient', ...fields }, 'Patient')

test('accepts extensions in place of values', () => {
  const extension = [{ url: 'http://x', valueCode: 'unknown' }]
  expect(patient({ _birthDate: { extension } })).toEqual([])
  expect(patient({ name: [{ given: ['a', null], _given: [null, { extension }] }] })).toEqual([])
  expect(patient({ _gender: { extension } })).toEqual([])
  expect(
    validate({ resourceType: 'Observation', _status: { extension }, code: { text: 'x' } }, 'Observation'),
  ).toEqual([])
})

test('bounds texts, though not narratives', () => {
  const long = 'a'.repeat(1024 * 1024)
  const text = { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${long}</div>` }
  expect(patient({ name: [{ text: long }], text })).toEqual([])
  expect(patient({ name: [{ text: `${long}a` }] }).map(({ expression }) => expression)).toEqual([
    'Patient.name[0].text',
  ])
})

test('accepts a search as a reference where a transaction will resolve it', () => {
  const resource = {
    resourceType: 'Patient',
    generalPractitioner: [{ reference: 'Practitioner?identifier=1' }],
  }
  expect(validate(resource, 'Patient', { conditionalReferences: true })).toEqual([])
})

test('accepts a contained resource that refers back', () => {
  const contained = [
    {
      resourceType: 'Provenance',
      id: 'p',
      target: [{ reference: '#' }],
      recorded: '2020-01-01T00:00:00Z',
      agent: [{ who: { display: 'x' } }],
    },
  ]
  expect(patient({ contained })).toEqual([])
})

test.each([
  [undefined, 'Patient', 'expected a resource, found a undefined'],
  [[], 'Patient', 'expected a resource, found a list'],
  [{}, 'Patient', '`resourceType` is required; expected `Patient`'],
  [{ resourceType: 'Observation' }, 'Patient', 'expected the resource type `Patient`, found `Observation`'],
  [{ resourceType: 'Pateint' }, 'Patient', '`Pateint` is no resource type of R4; did you mean `Patient`?'],
  [{ resourceType: 'DomainResource' }, 'DomainResource', '`DomainResource` is no resource type of R4'],
])('%j is no %s', (resource, type, diagnostics) => {
  expect(validate(resource, type).map((issue) => issue.diagnostics)).toEqual([diagnostics])
})

test('tells what is allowed but not advised, when asked', () => {
  const issues = validate({ resourceType: 'Patient', active: true }, 'Patient', { warnings: true })
  expect(issues).toEqual([
    {
      kind: 'invariant',
      severity: 'warning',
      diagnostics: '`dom-6`: A resource should have narrative for robust management',
      expression: 'Patient',
    },
  ])
})

test('lists all faults of a resource in one answer', () => {
  const issues = patient({ foo: 1, gender: 'm', birthDate: 'x', name: [{ family: 1 }] })
  expect(issues.map((issue) => issue.expression)).toEqual([
    'Patient.foo',
    'Patient.gender',
    'Patient.birthDate',
    'Patient.name[0].family',
  ])
})

test('stops at fifty findings and at a hundred levels', () => {
  expect(patient({ name: Array(1000).fill(1) })).toHaveLength(50)
  let extension: object = { url: 'http://x', valueString: 'x' }
  for (let i = 0; i < 10_000; i++) extension = { url: 'http://x', extension: [extension] }
  expect(patient({ extension: [extension] }).map((issue) => issue.diagnostics)).toEqual([
    'nested more than 100 levels deep',
  ])
})

test.runIf(dataFiles('synthea').length > 0)('accepts Synthea resources', () => {
  for (const resource of syntheaResources<Resource>()) {
    expect(validate(resource, resource.resourceType), `${resource.resourceType}/${resource.id}`).toEqual([])
  }
})

const div = (content: string) => ({
  status: 'generated',
  div: `<div xmlns="http://www.w3.org/1999/xhtml">${content}</div>`,
})

test.each([
  ['an image', '<img src="#c" alt="x"/>'],
  ['a link', "<a href='#c'>x</a>"],
  ['a link with a reference to a character', '<a href="&#35;c">x</a>'],
])('takes %s of a narrative as what refers to a contained resource', (_, content) => {
  const contained = [{ resourceType: 'Binary', id: 'c', contentType: 'image/gif' }]
  expect(patient({ contained, text: div(content) })).toEqual([])
  const other = patient({ contained, text: div(content.replace('c"', 'd"').replace("c'", "d'")) })
  expect(other.map(({ diagnostics }) => diagnostics.slice(0, 7))).toEqual(['`dom-3`'])
})

test('takes a canonical of a contained resource as what refers to the one around it', () => {
  const contained = [{ resourceType: 'Questionnaire', id: 'q', status: 'draft', derivedFrom: ['#'] }]
  expect(patient({ contained })).toEqual([])
})

const keysOf = (resource: Resource) =>
  validate(resource, resource.resourceType, { warnings: true })
    .filter(({ severity }) => severity === 'error')
    .map(({ diagnostics, expression }) => `${expression} ${/^`([a-z]+-\d+)`/.exec(diagnostics)?.[1]}`)

test('judges the invariants of a resource whatever is wrong inside of it', () => {
  const entry = (fields: object) => [{ resource: { resourceType: 'Patient', ...fields } }]
  const document = (fields: object) =>
    ({ resourceType: 'Bundle', type: 'document', entry: entry(fields) }) as unknown as Resource
  const broken = ['Bundle bdl-9', 'Bundle bdl-10', 'Bundle bdl-11']
  expect(keysOf(document({ active: true }))).toEqual(broken)
  expect(keysOf(document({ active: 'yes' }))).toEqual([
    'Bundle.entry[0].resource.active undefined',
    ...broken,
  ])
  expect(keysOf(document({ contact: [{ gender: 'male' }] }))).toEqual([
    'Bundle.entry[0].resource.contact[0] pat-1',
    ...broken,
  ])
})

test('finds an error after more warnings than are listed', () => {
  const entry = Array.from({ length: 200 }, () => ({ resource: { resourceType: 'Patient', active: true } }))
  const issues = validate({ resourceType: 'Bundle', type: 'document', entry }, 'Bundle', { warnings: true })
  expect(issues.filter(({ severity }) => severity === 'warning')).toHaveLength(50)
  expect(issues.filter(({ severity }) => severity === 'error')).toHaveLength(3)
})
