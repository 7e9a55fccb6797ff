import type { CapabilityStatement } from 'fhir/r4.js'
import { expect, test } from 'vitest'
import { requiredGuides, unmetOf } from '../../client/cli/claims/expectations.ts'

const expects = (valueCode: string) => ({
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation', valueCode }],
})
const shall = expects('SHALL')
const should = expects('SHOULD')

const statement = (rest: object, more: object = {}) =>
  ({
    resourceType: 'CapabilityStatement',
    url: 'http://example.org/CapabilityStatement/server',
    format: ['json', 'xml'],
    _format: [shall, should],
    rest: [{ mode: 'server', ...rest }],
    ...more,
  }) as unknown as CapabilityStatement

const served = statement(
  {
    interaction: [{ code: 'transaction' }],
    operation: [{ name: 'export', definition: 'http://example.org/export' }],
    resource: [
      {
        type: 'Patient',
        profile: 'http://hl7.org/fhir/StructureDefinition/Patient',
        supportedProfile: ['http://example.org/p'],
        interaction: [{ code: 'read' }, { code: 'search-type' }],
        searchParam: [{ name: 'name' }, { name: 'birthdate' }],
        searchInclude: ['Patient:organization'],
        searchRevInclude: ['Provenance:target'],
        operation: [{ name: 'everything', definition: 'http://hl7.org/everything' }],
        referencePolicy: ['literal', 'local'],
      },
    ],
  },
  { format: ['application/fhir+json'], patchFormat: ['application/json-patch+json'] },
)

const combination = (...names: string[]) => ({
  url: 'http://hl7.org/fhir/StructureDefinition/capabilitystatement-search-parameter-combination',
  extension: [...shall.extension, ...names.map((valueString) => ({ url: 'required', valueString }))],
})

const patient = (more: object, own: object = shall) => ({ resource: [{ type: 'Patient', ...own, ...more }] })

test.each<[string, object, string[]]>([
  ['nothing at all', {}, []],
  ['a type that is served', patient({}), []],
  ['a type that is not', { resource: [{ type: 'Slot', ...shall }] }, ['Slot is not served.']],
  ['a type that should be', { resource: [{ type: 'Slot', ...should }] }, []],
  [
    'a profile, with its version',
    patient({
      supportedProfile: ['http://example.org/p|1', 'http://example.org/q'],
      _supportedProfile: [shall, shall],
    }),
    ['Patient lacks the profile `http://example.org/q`.'],
  ],
  [
    'a profile that should be',
    patient({ supportedProfile: ['http://example.org/q'], _supportedProfile: [should] }),
    [],
  ],
  [
    'a profile of its own',
    patient({ profile: 'http://example.org/own|1' }),
    ['Patient lacks the profile `http://example.org/own`.'],
  ],
  [
    'a profile of its own that should be',
    patient({ profile: 'http://example.org/own', _profile: should }),
    [],
  ],
  ['the profile of a type that should be', patient({ profile: 'http://example.org/own' }, should), []],
  [
    'something of a type that should be and is served',
    patient(
      {
        operation: [{ name: 'match', definition: 'http://hl7.org/match', ...shall }],
        searchParam: [{ name: 'race', ...shall }],
      },
      should,
    ),
    ['Patient lacks the search parameter `race`.', 'Patient lacks the operation `$match`.'],
  ],
  [
    'something of a type that shall not be',
    patient({ searchParam: [{ name: 'race', ...shall }] }, expects('SHALL-NOT')),
    [],
  ],
  [
    'interactions',
    patient({
      interaction: [
        { code: 'read', ...shall },
        { code: 'vread', ...shall },
        { code: 'patch', ...should },
      ],
    }),
    ['Patient lacks the interaction `vread`.'],
  ],
  [
    'search parameters',
    patient({
      searchParam: [
        { name: 'name', ...shall },
        { name: 'race', ...shall },
        { name: 'x', ...should },
      ],
    }),
    ['Patient lacks the search parameter `race`.'],
  ],
  [
    'a combination',
    patient({}, { extension: [...shall.extension, combination('birthdate', 'family')] }),
    ['Patient lacks the search parameter `family`.'],
  ],
  [
    'includes both ways, one with a target',
    patient({
      searchInclude: ['Patient:organization:Organization', 'Patient:link'],
      _searchInclude: [shall, shall],
      searchRevInclude: ['Provenance:target', 'Group:member'],
      _searchRevInclude: [shall, shall],
    }),
    ['Patient lacks the include `Patient:link`.', 'Patient lacks the reverse include `Group:member`.'],
  ],
  [
    'operations, by their names',
    patient({
      operation: [
        { name: 'everything', definition: 'http://other.example.org', ...shall },
        { name: 'match', definition: 'http://hl7.org/match', ...shall },
      ],
    }),
    ['Patient lacks the operation `$match`.'],
  ],
  [
    'a reference policy',
    patient({ referencePolicy: ['literal', 'resolves'], _referencePolicy: [shall, shall] }),
    ['Patient lacks the reference policy `resolves`.'],
  ],
  [
    'interactions and operations of the server',
    {
      interaction: [{ code: 'batch', ...shall }],
      operation: [{ name: 'import', definition: 'x', ...shall }],
    },
    ['The server lacks the interaction `batch`.', 'The server lacks the operation `$import`.'],
  ],
])('of a guide that asks for %s, what is not met is said', (_, rest, unmet) => {
  expect(unmetOf(statement(rest), served)).toEqual(unmet)
})

test('formats are compared by their media types', () => {
  const wanted = statement({}, { format: ['json', 'ttl'], _format: [shall, shall] })
  expect(unmetOf(wanted, served)).toEqual(['The server lacks the format `application/fhir+ttl`.'])
})

test('of a statement without any expectation all is required', () => {
  const rest = { resource: [{ type: 'Slot' }, { type: 'Patient', searchParam: [{ name: 'race' }] }] }
  const wanted = statement(rest, { format: ['json'], _format: undefined })
  expect(unmetOf(wanted, served)).toEqual([
    'Slot is not served.',
    'Patient lacks the search parameter `race`.',
  ])
})

test('other guides that are required are named, the statement itself is not', () => {
  const wanted = statement(
    {},
    {
      instantiates: ['http://example.org/CapabilityStatement/server'],
      _instantiates: [shall],
      implementationGuide: [
        'http://hl7.org/fhir/smart-app-launch/ImplementationGuide/x',
        'http://example.org/y',
      ],
      _implementationGuide: [shall, should],
    },
  )
  expect(requiredGuides(wanted)).toEqual(['http://hl7.org/fhir/smart-app-launch/ImplementationGuide/x'])
})
