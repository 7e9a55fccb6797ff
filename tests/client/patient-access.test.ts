import type { CapabilityStatement } from 'fhir/r4.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requiredGuides, unmetOf } from '../../client/cli/claims/expectations.ts'
import { door } from '../../src/handlers/door/door.ts'
import { openStore } from '../../src/store/dynamo/open.ts'
import { askDoor, eventOf } from '../handlers/caller.ts'
import { type Engines, startEngines } from '../store/engines.ts'

/**
 * The requirements of International Patient Access 1.0.0 for servers, https://hl7.org/fhir/uv/ipa/STU1/: Patient is required, the
 * other types are not. A parameter, operation or include with `!` is required, and so is a combination (`a+b!`).
 */
const rows: [type: string, interactions: string, searched: string, includes?: string, operations?: string][] =
  [
    ['AllergyIntolerance', 'read search-type', 'clinical-status patient! patient+clinical-status'],
    [
      'Condition',
      'read search-type',
      'category code onset-date patient! patient+category patient+onset-date',
    ],
    [
      'DocumentReference',
      'read search-type',
      '_id! contenttype period type patient! patient+category! patient+category+date! patient+type! patient+type+period',
      '',
      'docref!',
    ],
    ['Immunization', 'read search-type', 'date status patient! patient+date patient+status'],
    ['Medication', 'read', ''],
    [
      'MedicationRequest',
      'read search-type',
      'authoredon intent patient! patient+intent patient+intent+authoredon',
      'MedicationRequest:medication',
    ],
    ['MedicationStatement', 'read search-type', 'patient! patient+status', 'MedicationStatement:medication'],
    [
      'Observation',
      'read search-type',
      'category code patient patient+category! patient+code! patient+category+date! patient+code+date',
    ],
    ['Patient', 'read search-type', '_id! identifier! birthdate family gender given name family+gender'],
    ['Practitioner', 'read', ''],
    ['PractitionerRole', 'read', '', 'PractitionerRole:endpoint PractitionerRole:practitioner'],
  ]

const profileOf = (type: string) => `http://hl7.org/fhir/uv/ipa/StructureDefinition/ipa-${type.toLowerCase()}`

const expects = (valueCode: string) => ({
  url: 'http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation',
  valueCode,
})
const shall = { extension: [expects('SHALL')] }
const words = (text: string) => text.split(' ').filter((word) => word !== '')
const marked = (word: string) => ({
  name: word.replace('!', ''),
  level: expects(word.endsWith('!') ? 'SHALL' : 'SHOULD'),
})

const combination = (word: string) => {
  const { name, level } = marked(word)
  return {
    url: 'http://hl7.org/fhir/StructureDefinition/capabilitystatement-search-parameter-combination',
    extension: [level, ...name.split('+').map((valueString) => ({ url: 'required', valueString }))],
  }
}

const resourceOf = ([
  type,
  interactions,
  searched,
  includes = '',
  operations = '',
]: (typeof rows)[number]) => ({
  type,
  extension: [
    expects(type === 'Patient' ? 'SHALL' : 'SHOULD'),
    ...words(searched)
      .filter((word) => word.includes('+'))
      .map(combination),
  ],
  profile: profileOf(type),
  ...(type === 'Observation' && {
    supportedProfile: ['http://hl7.org/fhir/StructureDefinition/vitalsigns'],
    _supportedProfile: [shall],
  }),
  interaction: words(interactions).map((code) => ({ code, ...shall })),
  referencePolicy: ['resolves'],
  searchInclude: words(includes),
  searchRevInclude: ['Provenance:target'],
  searchParam: words(searched)
    .filter((word) => !word.includes('+'))
    .map(marked)
    .map(({ name, level }) => ({ name, type: 'token', extension: [level] })),
  operation: words(operations)
    .map(marked)
    .map(({ name, level }) => ({
      name,
      definition: `http://hl7.org/fhir/uv/ipa/OperationDefinition/${name}`,
      extension: [level],
    })),
})

const launch = 'http://hl7.org/fhir/smart-app-launch/ImplementationGuide/hl7.fhir.uv.smart-app-launch'
const wanted = {
  resourceType: 'CapabilityStatement',
  url: 'http://hl7.org/fhir/uv/ipa/CapabilityStatement/ipa-server',
  format: ['json', 'xml'],
  _format: [shall, { extension: [expects('SHOULD')] }],
  patchFormat: ['application/json-patch+json'],
  _patchFormat: [{ extension: [expects('SHOULD')] }],
  implementationGuide: [launch],
  _implementationGuide: [shall],
  rest: [
    {
      mode: 'server',
      resource: rows.map(resourceOf),
      interaction: ['transaction', 'batch', 'search-system', 'history-system'].map((code) => ({
        code,
        extension: [expects('MAY')],
      })),
    },
  ],
} as unknown as CapabilityStatement

let engines: Engines
let handler: ReturnType<typeof door>
beforeAll(async () => {
  engines = await startEngines()
  handler = door({ ...engines, openStore: openStore(engines.place) }, { LOG_LEVEL: 'OFF' })
})
afterAll(() => engines?.stop())

const served = async (): Promise<CapabilityStatement> =>
  (await askDoor(handler, eventOf('GET', '/metadata', { open: true }))).json

const profile = (type: string) => ({
  resourceType: 'StructureDefinition',
  id: `ipa-${type.toLowerCase()}`,
  url: profileOf(type),
  name: `Accessed${type}`,
  status: 'active',
  kind: 'resource',
  abstract: false,
  type,
  baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}`,
  derivation: 'constraint',
  differential: { element: [{ id: type, path: type }] },
})

test('of International Patient Access every SHALL is met once its profiles are loaded, and SMART App Launch is required', async () => {
  expect(unmetOf(wanted, await served())).toEqual([`Patient lacks the profile \`${profileOf('Patient')}\`.`])
  const entry = rows.map(([type]) => ({
    resource: profile(type),
    request: { method: 'PUT', url: `StructureDefinition/ipa-${type.toLowerCase()}` },
  }))
  const body = { resourceType: 'Bundle', type: 'transaction', entry }
  const { status, text } = await askDoor(handler, eventOf('POST', '/', { body }))
  expect(status, text).toBe(200)
  expect(unmetOf(wanted, await served())).toEqual([])
  expect(requiredGuides(wanted)).toEqual([launch])
})

test('a server without `$docref` and without `_id` for documents does not meet it', async () => {
  const statement = await served()
  const documents = statement.rest?.[0]?.resource?.find(({ type }) => type === 'DocumentReference')
  documents?.searchParam?.splice(0, 1)
  if (documents) documents.operation = []
  const unmet = unmetOf(wanted, statement).filter((each) => !each.startsWith('Patient'))
  expect(unmet).toEqual([
    'DocumentReference lacks the search parameter `_id`.',
    'DocumentReference lacks the operation `$docref`.',
  ])
})
