/** Whole guides: R4's own profiles on R4's examples, US Core on its own, where the data folder lies beside the project. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Resource } from '../../src/fhir/definitions.ts'
import type { Issue } from '../../src/outcome/failure.ts'
import { judgeAll, newProfileMemory } from '../../src/validate/profile/held.ts'
import { dataFiles, readData } from '../fhir/official.ts'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
const memory = newProfileMemory()

const inParallel = async <T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<void> => {
  const waiting = [...items]
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item)
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}

const held = ['CodeSystem-', 'ValueSet-', 'StructureDefinition-']
/** FHIRPath takes no list for a truth, as `pd-1` does; the others are codes of systems beyond their value sets, advice, and a guide that is not held. */
const warnings = [
  'warning 66c8856b-ba11-4876-8aa8-467aad8c11a2 Bundle.entry[0].resource',
  'warning docref-example-1 Bundle.entry[0].resource.content[0].format',
  'warning episode-summary DocumentReference.content[0].format',
  'warning hunger-vital-sign-example Questionnaire.meta.profile',
  'warning imm-1 Immunization',
  'warning phq-9-example Questionnaire.meta.profile',
  'warning prapare-example Questionnaire.meta.profile',
  'warning satO2-fiO2 Observation.component[0].value',
]

const definitions = held.flatMap((prefix) => dataFiles('us-core-6.1.0', prefix)).map(readData<Resource>)

beforeAll(async () => {
  server = await startServer()
  await inParallel(definitions, async (body) => {
    const { status, text } = await server.ask('PUT', `/${body.resourceType}/${body.id}`, { body })
    expect([status, text]).toEqual([201, expect.anything()])
  })
})
afterAll(() => server?.stop())

const judged = async (resources: readonly Resource[]): Promise<(readonly [Resource, Issue])[]> => {
  const asked = resources.map((resource) => ({ resource, profiles: [] }))
  const issues = await judgeAll(asked, server.engines.openStore('main'), memory)
  return resources.flatMap((resource, i) => (issues[i] ?? []).map((issue) => [resource, issue] as const))
}

const placeOf = ([{ resourceType, id = '' }, { severity, expression = '' }]: readonly [Resource, Issue]) =>
  `${severity} ${id} ${expression.replace(/^Bundle/, resourceType)}`

// One shows modifier extensions that are defined nowhere, the other uses US Core's ethnicity as it is not to be used.
test('the examples of R4 meet the profiles that they claim, and their extensions are what they should be', async () => {
  const found = await judged(dataFiles('r4-examples').map(readData<Resource>))
  const errors = found.filter(([, { severity }]) => severity === 'error')
  const unusual = ['referral', 'example-genetics-brcapat']
  expect([...new Set(errors.map(([{ id }]) => id))].sort()).toEqual(errors.length > 0 ? unusual.sort() : [])
  expect(errors.length > 0).toBe(dataFiles('r4-examples').length > 0 && definitions.length > 0)
})

describe('US Core', () => {
  const example = (name: string): Resource[] =>
    dataFiles('us-core-6.1.0/example', name).map(readData<Resource>)

  test('its examples meet the profiles that they claim; what they are warned of is known', async () => {
    const found = await judged(example(''))
    expect(found.map(placeOf).sort()).toEqual(dataFiles('us-core-6.1.0').length > 0 ? warnings : [])
  })

  /** What is changed in an example, and where that is found. */
  const broken: readonly [string, (resource: Json) => void, string[]][] = [
    ['Patient-example.json', (it) => delete it.identifier, ['Patient.identifier']],
    ['Patient-example.json', (it) => delete it.gender, ['Patient.gender']],
    ['Patient-example.json', (it) => delete it.identifier[0].system, ['Patient.identifier[0].system']],
    ['Patient-example.json', (it) => it.name.push({ use: 'old' }), ['Patient.name[2]']],
    ['Patient-example.json', (it) => it.extension[0].extension.pop(), ['Patient.extension[0].extension']],
    ['Patient-example.json', (it) => it.extension.push(it.extension[0]), ['Patient.extension']],
    [
      'Observation-blood-pressure.json',
      (it) => it.component.pop(),
      ['Observation.component', 'Observation.component'],
    ],
    [
      'Observation-blood-pressure.json',
      (it) => Object.assign(it.component[0].valueQuantity, { code: 'kPa' }),
      ['Observation.component[0].value.code'],
    ],
    [
      'Observation-blood-pressure.json',
      (it) => Object.assign(it, { category: [{ text: 'x' }] }),
      ['Observation.category'],
    ],
    [
      'Observation-blood-pressure.json',
      (it) => Object.assign(it, { effectiveDateTime: '2020' }),
      ['Observation.effective'],
    ],
    [
      'Observation-blood-pressure.json',
      (it) => Object.assign(it, { subject: { reference: 'Device/1' } }),
      ['Observation.subject.reference'],
    ],
    [
      'Observation-blood-pressure.json',
      (it) => Object.assign(it, { code: { coding: [{ system: 'http://loinc.org', code: '1' }] } }),
      ['Observation.code'],
    ],
    [
      'Goal-goal-1.json',
      (it) => Object.assign(it, { subject: { reference: 'Group/1' } }),
      ['Goal.subject.reference'],
    ],
    [
      'Provenance-example-targeted-provenance.json',
      (it) => Object.assign(it.agent[0], { who: { reference: 'Practitioner/1' } }),
      ['Provenance.agent[0]'],
    ],
    ['AllergyIntolerance-example.json', (it) => delete it.code, ['AllergyIntolerance.code']],
    ['CareTeam-example.json', (it) => delete it.participant[0].role, ['CareTeam.participant[0].role']],
    ['Encounter-example-1.json', (it) => delete it.type, ['Encounter.type']],
    [
      'DiagnosticReport-cbc.json',
      (it) => Object.assign(it, { category: [{ text: 'x' }] }),
      ['DiagnosticReport.category'],
    ],
    ['DiagnosticReport-cbc.json', (it) => delete it.effectiveDateTime, ['DiagnosticReport']],
    [
      'MedicationRequest-medicationrequest-coded-oral-axid.json',
      (it) => delete it.requester,
      ['MedicationRequest'],
    ],
    ['Organization-acme-lab.json', (it) => delete it.name, ['Organization.name']],
    [
      'Practitioner-practitioner-1.json',
      (it) => Object.assign(it.identifier[0], { value: '1' }),
      ['Practitioner.identifier[0]', 'Practitioner.identifier[0]'],
    ],
  ]
  // biome-ignore lint/suspicious/noExplicitAny: examples of any shape are broken here
  type Json = any

  test('what breaks an example is found where it is', async () => {
    const cases = broken.flatMap(([file, change, expressions]) =>
      example(file).map((resource) => {
        change(resource)
        return { resource, expressions }
      }),
    )
    const found = await judged(cases.map(({ resource }) => resource))
    const errors = cases.map(({ resource }) =>
      found
        .filter(([of, { severity }]) => of === resource && severity === 'error')
        .map(([, { expression }]) => expression),
    )
    expect(errors).toEqual(cases.map(({ expressions }) => expressions))
  })
})
