import { expect, test } from 'vitest'
import type { Resource } from '../../src/fhir/definitions.ts'
import { validate } from '../../src/validate/validate.ts'
import cases from '../cases/validation.json' with { type: 'json' }
import { dataFiles, readData, syntheaResources } from '../fhir/official.ts'

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

/** Official examples that break R4's own rules, and where. */
const broken: Readonly<Record<string, string>> = {
  'ActivityDefinition-blood-tubes-supply': 'ActivityDefinition.text.div', // txt-2: a narrative without text
  'ActivityDefinition-heart-valve-replacement': 'ActivityDefinition.text.div',
  'EventDefinition-example': 'EventDefinition.text.div',
  'Questionnaire-zika-virus-exposure-assessment': 'Questionnaire.text.div',
  'StructureDefinition-Definition': 'StructureDefinition', // sdf-4: neither abstract nor based on anything
  'StructureDefinition-Event': 'StructureDefinition',
  'StructureDefinition-FiveWs': 'StructureDefinition',
  'StructureDefinition-Request': 'StructureDefinition',
  'DeviceMetric-example': 'DeviceMetric.parent.reference', // a DeviceDefinition where a Device is asked for
  'DeviceUseStatement-example': 'DeviceUseStatement.reasonReference[0].reference', // a Procedure is no reason
  'ImplementationGuide-fhir': 'ImplementationGuide.manifest.resource[11904].reference.reference', // an id of 67 letters
  'MedicationRequest-medrx0301': 'MedicationRequest.dispenseRequest.performer.reference', // a Practitioner dispenses
  'Observation-clinical-gender': 'Observation.performer[0].reference', // an Encounter performs
  'Questionnaire-qs1': 'Questionnaire.item[0].item[0].linkId', // items without linkId
  'SearchParameter-codesystem-extensions-CodeSystem-author': 'SearchParameter.base', // none given
  'SearchParameter-codesystem-extensions-CodeSystem-effective': 'SearchParameter.base',
  'SearchParameter-codesystem-extensions-CodeSystem-end': 'SearchParameter.base',
  'SearchParameter-codesystem-extensions-CodeSystem-keyword': 'SearchParameter.base',
  'SearchParameter-codesystem-extensions-CodeSystem-workflow': 'SearchParameter.base',
  'SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject': 'SearchParameter.id', // 67 letters
  'SearchParameter-valueset-extensions-ValueSet-author': 'SearchParameter.base',
  'SearchParameter-valueset-extensions-ValueSet-effective': 'SearchParameter.base',
  'SearchParameter-valueset-extensions-ValueSet-end': 'SearchParameter.base',
  'SearchParameter-valueset-extensions-ValueSet-keyword': 'SearchParameter.base',
  'SearchParameter-valueset-extensions-ValueSet-workflow': 'SearchParameter.base',
  'ig-r4': 'ImplementationGuide.manifest.resource[11904].reference.reference',
}

const examples = dataFiles('r4-examples')

test.runIf(examples.length > 0)('accepts the official examples but for those that are broken', () => {
  const found: Record<string, string | undefined> = {}
  for (const file of examples) {
    const resource = readData<Resource>(file)
    const [first] = validate(resource, resource.resourceType)
    if (first) found[file.slice(file.lastIndexOf('/') + 1, -'.json'.length)] = first.expression
  }
  expect(found).toEqual(broken)
})
