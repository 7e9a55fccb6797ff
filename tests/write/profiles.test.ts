import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { door } from '../../src/handlers/door/door.ts'
import { judgeAll, newProfileMemory } from '../../src/validate/profile/held.ts'
import table from '../cases/profiles.json' with { type: 'json' }
import { type Asking, askDoor, eventOf, type Server, startServer } from '../handlers/caller.ts'

const url = 'http://example.org/StructureDefinition/'
let server: Server
type Ask = Server['ask']
let reject: Ask
let warn: Ask
let required: Ask

const asking = (env: Record<string, string>): Ask => {
  const handler = door(server.engines, { LOG_LEVEL: 'OFF', ...env })
  return (method, target, asked: Asking = {}) => askDoor(handler, eventOf(method, target, asked))
}

const valueSet = (name: string, system: string, ...codes: string[]) => ({
  resourceType: 'ValueSet',
  id: name,
  url: `http://example.org/ValueSet/${name}`,
  status: 'active',
  compose: { include: [{ system, concept: codes.map((code) => ({ code })) }] },
})

const put = (resource: { resourceType: string; id: string }) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})

const endless = {
  ...valueSet('two', 'urn:t'),
  compose: { include: [{ valueSet: ['http://example.org/ValueSet/two'] }] },
}

beforeAll(async () => {
  server = await startServer()
  reject = asking({ PROFILE_VALIDATION: 'reject' })
  warn = asking({ PROFILE_VALIDATION: 'warn' })
  required = asking({
    PROFILE_VALIDATION: 'reject',
    REQUIRED_PROFILES: `Organization=${url}good-organization Basic=${url}unheard-of`,
  })
  const entry = [
    ...(table.profiles as unknown as { resourceType: string; id: string }[]).map(put),
    put(valueSet('colours', 'urn:c', 'red', 'green')),
    put(valueSet('marital', 'urn:m', 'M')),
    put(endless),
  ]
  const { status } = await server.ask('POST', '/', {
    body: { resourceType: 'Bundle', type: 'transaction', entry },
  })
  expect(status).toBe(200)
})
afterAll(() => server?.stop())

const patient = (more: object = {}) => ({
  resourceType: 'Patient',
  meta: { profile: [`${url}patient`] },
  extension: [{ url: `${url}colour`, valueCode: 'red' }],
  identifier: [{ value: '1' }],
  name: [{ use: 'official', family: 'Doe', prefix: ['Dr'] }],
  gender: 'male',
  ...more,
})
const broken = patient({ gender: undefined, maritalStatus: { coding: [{ system: 'urn:m', code: 'X' }] } })
type Json = { issue: { severity: string; code: string; expression?: string[]; diagnostics: string }[] }
const told = ({ issue }: Json) => issue.map(({ severity, expression }) => [severity, expression?.[0]])

describe('where profiles are enforced', () => {
  test('what meets the profile it claims is stored', async () => {
    expect((await reject('POST', '/Patient', { body: patient() })).status).toBe(201)
  })

  test('what breaks it is refused with all that is wrong, and not stored', async () => {
    const { status, json } = await reject('PUT', '/Patient/broken', { body: { ...broken, id: 'broken' } })
    expect(status).toBe(422)
    expect(told(json)).toEqual([
      ['error', 'Patient.gender'],
      ['error', 'Patient.maritalStatus'],
    ])
    expect(json.issue.map(({ code }: { code: string }) => code)).toEqual(['required', 'code-invalid'])
    expect((await reject('GET', '/Patient/broken')).status).toBe(404)
  })

  test('one entry that breaks it keeps all of a transaction from being stored', async () => {
    const entry = [put({ ...patient(), id: 'whole' }), put({ ...broken, id: 'torn' })]
    const { status, json } = await reject('POST', '/', {
      body: { resourceType: 'Bundle', type: 'transaction', entry },
    })
    expect([status, told(json)[0]]).toEqual([422, ['error', 'Bundle.entry[1].resource.gender']])
    expect((await reject('GET', '/Patient/whole')).status).toBe(404)
  })

  test('a patch that breaks it is refused', async () => {
    const { json: made } = await reject('POST', '/Patient', { body: patient() })
    const { status, json } = await reject('PATCH', `/Patient/${made.id}`, {
      headers: { 'Content-Type': 'application/json-patch+json' },
      body: [{ op: 'remove', path: '/gender' }],
    })
    expect([status, told(json)]).toEqual([422, [['error', 'Patient.gender']]])
  })

  test('who knows a profile, and what its value sets lead to, reads nothing to judge by it', async () => {
    const store = server.engines.openStore('main')
    const memory = newProfileMemory()
    const asked = [{ resource: patient(), profiles: [] }]
    const first = await judgeAll(asked, store, memory)
    const { calls } = store.meter
    expect(calls).toBeGreaterThan(0)
    expect(await judgeAll(asked, store, memory)).toEqual(first)
    expect(store.meter.calls).toBe(calls)
  })

  test('a claim that nobody can judge is taken, and told', async () => {
    const body = patient({ meta: { profile: ['http://example.org/unheard-of'] } })
    const { status, json } = await reject('POST', '/Patient', {
      body,
      headers: { Prefer: 'return=OperationOutcome' },
    })
    expect([status, told(json)]).toEqual([201, [['warning', 'Patient.meta.profile']]])
  })

  test('a value set that leads to itself keeps nothing from being stored', async () => {
    const body = patient({ contact: [{ gender: 'male', name: { family: 'Doe' } }] })
    expect((await reject('POST', '/Patient', { body })).status).toBe(201)
  })

  test('what claims nothing is not looked at', async () => {
    expect((await reject('POST', '/Patient', { body: { ...broken, meta: undefined } })).status).toBe(201)
  })

  test('what a whole type must meet, it must meet without claiming it', async () => {
    const body = { resourceType: 'Organization', name: 'x' }
    const { status, json } = await required('POST', '/Organization', { body })
    expect([status, told(json)]).toEqual([422, [['error', 'Organization.active']]])
    expect((await required('POST', '/Organization', { body: { ...body, active: true } })).status).toBe(201)
  })

  test('the CapabilityStatement names it', async () => {
    const { json } = await required('GET', '/metadata')
    const { supportedProfile } = json.rest[0].resource.find(
      ({ type }: { type: string }) => type === 'Organization',
    )
    expect(supportedProfile).toEqual([`${url}good-organization`])
  })

  test('a type whose profile is not held cannot be written', async () => {
    const { status, json } = await required('POST', '/Basic', {
      body: { resourceType: 'Basic', code: { text: 'x' } },
    })
    expect([status, json.issue[0].code]).toEqual([422, 'not-found'])
  })
})

describe('where profiles only warn', () => {
  test('what breaks a profile is stored, and what is wrong told to who wants it', async () => {
    const headers = { Prefer: 'return=OperationOutcome' }
    const { status, json } = await warn('PUT', '/Patient/warned', {
      body: { ...broken, id: 'warned' },
      headers,
    })
    expect(status).toBe(201)
    expect(told(json)).toEqual([
      ['warning', 'Patient.gender'],
      ['warning', 'Patient.maritalStatus'],
    ])
    expect((await warn('GET', '/Patient/warned')).status).toBe(200)
  })

  test('in a bundle too', async () => {
    const { json } = await warn('POST', '/', {
      body: { resourceType: 'Bundle', type: 'transaction', entry: [put({ ...broken, id: 'entry' })] },
      headers: { Prefer: 'return=OperationOutcome' },
    })
    expect(told(json.entry[0].response.outcome)[0]).toEqual(['warning', 'Bundle.entry[0].resource.gender'])
  })

  test('who asks for the resource gets it', async () => {
    const { json } = await warn('POST', '/Patient', { body: broken })
    expect(json.resourceType).toBe('Patient')
  })
})

describe('on request', () => {
  const validate = (target: string, body: unknown) => server.ask('POST', target, { body })

  test.each([
    [
      'the profile in the URL',
      `/Patient/$validate?profile=${url}child`,
      { ...patient(), meta: undefined },
      'Patient.birthDate',
    ],
    ['the profile that is claimed', '/Patient/$validate', broken, 'Patient.gender'],
    [
      'the profile in Parameters',
      '/Patient/$validate',
      {
        resourceType: 'Parameters',
        parameter: [
          { name: 'profile', valueUri: `${url}child` },
          { name: 'resource', resource: { ...patient(), meta: undefined } },
        ],
      },
      'Patient.birthDate',
    ],
    [
      'a profile that is not held',
      '/Patient/$validate?profile=http://x/y',
      { ...patient(), meta: undefined },
      'Patient',
    ],
  ])('judges by %s', async (_, target, body, expression) => {
    const { status, json } = await validate(target, body)
    const errors = json.issue.filter(({ severity }: { severity: string }) => severity === 'error')
    expect([status, errors[0].expression]).toEqual([200, [expression]])
  })

  test('tells which elements that must be supported are missing, where the mode is profile', async () => {
    const { json } = await validate('/Patient/$validate?mode=profile', patient())
    const texts = json.issue.map(({ diagnostics }: { diagnostics: string }) => diagnostics)
    expect(texts).toContain('`telecom` is must-support in `patient`, and not given')
    const { json: other } = await validate('/Patient/$validate', patient())
    expect(other.issue.map(({ code }: { code: string }) => code)).not.toContain('informational')
  })

  test('sees at once what changes in a profile', async () => {
    const profile = (min: number) => ({
      resourceType: 'StructureDefinition',
      id: 'changing',
      url: `${url}changing`,
      name: 'Changing',
      status: 'active',
      kind: 'resource',
      abstract: false,
      type: 'Basic',
      derivation: 'constraint',
      baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Basic',
      differential: { element: [{ id: 'Basic.subject', path: 'Basic.subject', min }] },
    })
    const basic = { resourceType: 'Basic', code: { text: 'x' } }
    const errors = async () => {
      const { json } = await validate(`/Basic/$validate?profile=${url}changing`, basic)
      return json.issue.filter(({ severity }: { severity: string }) => severity === 'error').length
    }
    await server.ask('PUT', '/StructureDefinition/changing', { body: profile(0) })
    expect(await errors()).toBe(0)
    await server.ask('PUT', '/StructureDefinition/changing', { body: profile(1) })
    expect(await errors()).toBe(1)
  })

  test('says what could not be judged', async () => {
    const { json } = await validate('/Patient/$validate', {
      ...patient(),
      communication: [{ language: { coding: [{ system: 'urn:l', code: 'de' }] } }],
    })
    expect(json.issue.map(({ code }: { code: string }) => code)).toContain('not-found')
  })
})
