import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adviceOn } from '../../src/validate/advice.ts'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)

interface Told {
  severity: string
  diagnostics: string
  expression?: string[]
}
const errors = ({ json }: { json: { issue: Told[] } }): Told[] =>
  json.issue.filter(({ severity }) => severity === 'error')

const parameter = (code: string, more: object = {}) => ({
  resourceType: 'SearchParameter',
  url: `http://example.org/SearchParameter/${code}`,
  name: code,
  status: 'active',
  description: 'x',
  code,
  base: ['Patient'],
  type: 'string',
  expression: 'Patient.name.text',
  ...more,
})

describe('$validate?mode=create says what a create says', () => {
  const all: [what: string, type: string, body: object][] = [
    ['a search parameter whose code R4 has', 'SearchParameter', parameter('birthdate')],
    ['a search parameter whose code another has', 'SearchParameter', parameter('nick')],
    [
      'a search parameter without an expression',
      'SearchParameter',
      { ...parameter('other'), expression: undefined },
    ],
    ['a search parameter that is possible', 'SearchParameter', parameter('possible')],
    [
      'an id that is none, which a create replaces',
      'Patient',
      { resourceType: 'Patient', id: 'a b', active: true },
    ],
    [
      'a versionId that is none',
      'Patient',
      { resourceType: 'Patient', meta: { versionId: '?' }, active: true },
    ],
    ['a resource that is not valid', 'Patient', { resourceType: 'Patient', active: 'yes' }],
  ]

  beforeAll(async () => {
    await ask('POST', '/SearchParameter', { body: parameter('nick') })
  })

  test.each(all)('of %s', async (_, type, body) => {
    const validated = await ask('POST', `/${type}/$validate?mode=create`, { body })
    const wrapped = await ask('POST', `/${type}/$validate`, {
      body: {
        resourceType: 'Parameters',
        parameter: [
          { name: 'mode', valueCode: 'create' },
          { name: 'resource', resource: body },
        ],
      },
    })
    const created = await ask('POST', `/${type}`, { body })
    const reasons = created.status === 201 ? [] : errors(created).map(({ diagnostics }) => diagnostics)
    expect(validated.status).toBe(200)
    expect(errors(validated).map(({ diagnostics }) => diagnostics)).toEqual(reasons)
    expect(errors(wrapped).map(({ diagnostics }) => diagnostics)).toEqual(reasons)
  })
})

describe('an integer that is not written in digits alone', () => {
  const wrong = [
    ['{"resourceType":"Patient","multipleBirthInteger":1.0}', 'Patient.multipleBirth'],
    ['{"resourceType":"Patient","multipleBirthInteger":1e2}', 'Patient.multipleBirth'],
    ['{"resourceType":"Patient","multipleBirthInteger":-0}', 'Patient.multipleBirth'],
    ['{"resourceType":"Patient","telecom":[{"system":"phone","rank":1.0}]}', 'Patient.telecom[0].rank'],
    ['{"resourceType":"Patient","photo":[{"size":1E1}]}', 'Patient.photo[0].size'],
    [
      '{"resourceType":"Patient","extension":[{"url":"urn:x","valueInteger":10.0}]}',
      'Patient.extension[0].value',
    ],
    [
      '{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a","link":[{"other":{"reference":"#"},"type":"seealso"}],"multipleBirthInteger":2.0}]}',
      'Patient.contained[0].multipleBirth',
    ],
  ] as const

  test.each(wrong)('is refused in %s', async (body, place) => {
    const created = await ask('POST', '/Patient', { body })
    const validated = await ask('POST', '/Patient/$validate', { body })
    const wrapped = await ask('POST', '/Patient/$validate', {
      body: `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":${body}}]}`,
    })
    const entry = `[{"request":{"method":"POST","url":"Patient"},"resource":${body}}]`
    const transacted = await ask('POST', '/', {
      body: `{"resourceType":"Bundle","type":"transaction","entry":${entry}}`,
    })
    expect([created.status, transacted.status]).toEqual([400, 400])
    for (const told of [created, validated, wrapped])
      expect(errors(told).map(({ expression }) => expression?.[0])).toEqual([place])
    expect(errors(transacted)[0]?.expression).toEqual([place.replace('Patient', 'Bundle.entry[0].resource')])
    expect(errors(created)[0]?.diagnostics).toContain('is no integer: write it in digits alone')
  })

  test('is refused in what a patch makes, in XML and in Parameters of an operation', async () => {
    await ask('PUT', '/Patient/i', { body: { resourceType: 'Patient', id: 'i', active: true } })
    const patched = await ask('PATCH', '/Patient/i', {
      body: '[{"op":"add","path":"/multipleBirthInteger","value":1e0}]',
      headers: { 'content-type': 'application/json-patch+json' },
    })
    const xml = await ask('POST', '/Patient', {
      body: '<Patient xmlns="http://hl7.org/fhir"><multipleBirthInteger value="1e2"/></Patient>',
      headers: { 'content-type': 'application/fhir+xml' },
    })
    const operation = await ask('POST', '/ValueSet/$expand', {
      body: '{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"urn:x"},{"name":"count","valueInteger":1e1}]}',
    })
    expect([patched.status, xml.status, operation.status]).toEqual([400, 400, 400])
  })

  test('is none where it is a decimal, whose digits stay as they are', async () => {
    const quantity = '{"value":1.0e2,"unit":"mg"}'
    const body = `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":${quantity},"component":[{"code":{"text":"y"},"valueInteger":12}]}`
    const created = await ask('POST', '/Observation', { body })
    expect(created.status).toBe(201)
    expect(created.text).toContain('"value":1.0e2')
  })
})

const div = (content: string, xmlns = ' xmlns="http://www.w3.org/1999/xhtml"') => ({
  status: 'generated',
  div: `<div${xmlns}>${content}</div>`,
})
const element = (id: string) => ({ id, path: id })
const definition = {
  resourceType: 'StructureDefinition',
  snapshot: { element: [element('Patient'), element('Patient.name')] },
  differential: { element: [element('Patient.name')] },
}

describe('advice', () => {
  const patient = (fields: object) => ({ resourceType: 'Patient', ...fields })
  const all: [what: string, resource: Record<string, unknown>, places: string[]][] = [
    ['an id that occurs twice', patient({ name: [{ id: 'a' }, { id: 'a' }] }), ['Patient.name[1].id']],
    [
      'an id beside a primitive',
      patient({ name: [{ id: 'a' }], _active: { id: 'a' } }),
      ['Patient.active.id'],
    ],
    [
      'an id that a contained resource has',
      patient({ contained: [{ resourceType: 'Patient', id: 'a' }], name: [{ id: 'a' }] }),
      ['Patient.name[0].id'],
    ],
    [
      'an id inside of a contained resource',
      patient({
        name: [{ id: 'a' }],
        contained: [{ resourceType: 'Patient', id: 'c', name: [{ id: 'a' }] }],
      }),
      ['Patient.contained[0].name[0].id'],
    ],
    ['the id of the resource itself', patient({ id: 'a', name: [{ id: 'a' }] }), []],
    [
      'ids of two entries',
      {
        resourceType: 'Bundle',
        entry: [
          { resource: patient({ name: [{ id: 'a' }] }) },
          { resource: patient({ name: [{ id: 'a' }] }) },
        ],
      },
      [],
    ],
    ['a snapshot and its differential', definition, []],
    [
      'an id that occurs twice in a snapshot',
      { ...definition, snapshot: { element: [element('Patient'), element('Patient')] } },
      ['StructureDefinition.snapshot.element[1].id'],
    ],
    ['an entity of HTML', patient({ text: div('a&reg;&nbsp;') }), ['Patient.text.div']],
    ['entities of XML', patient({ text: div('&lt;&#174;') }), []],
    ['a narrative without a namespace', patient({ text: div('a', '') }), ['Patient.text.div']],
    ['a narrative in another namespace', patient({ text: div('a', ' xmlns="urn:x"') }), ['Patient.text.div']],
  ]

  test.each(all)('is given on %s, where it is due', (_, resource, places) => {
    expect(adviceOn(resource).map(({ severity, expression }) => [severity, expression])).toEqual(
      places.map((place) => ['warning', place]),
    )
  })

  test('is given by $validate alone: writes accept what it is about', async () => {
    const body = patient({
      name: [
        { id: 'a', text: 'x' },
        { id: 'a', text: 'y' },
      ],
      text: div('a&reg;', ''),
    })
    const { json } = await ask('POST', '/Patient/$validate', { body })
    expect(json.issue.map(({ severity }: Told) => severity)).toEqual(['warning', 'warning', 'warning'])
    const created = await ask('POST', '/Patient', { body })
    expect([created.status, created.json.text]).toEqual([201, div('a&reg;', '')])
  })
})
