import { afterAll, beforeAll, expect, test } from 'vitest'
import { door } from '../../src/handlers/door/door.ts'
import { type Asking, askDoor, eventOf, type Server, startServer } from '../handlers/caller.ts'

let server: Server
let lax: (method: string, target: string, asking?: Asking) => ReturnType<Server['ask']>
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)

beforeAll(async () => {
  server = await startServer({ REFERENCE_CHECKS: 'exist' })
  const second = door(server.engines, { LOG_LEVEL: 'OFF', REFERENCE_CHECKS: 'off' })
  lax = (method, target, asking) => askDoor(second, eventOf(method, target, asking))
  await ask('PUT', '/Patient/here', { body: { resourceType: 'Patient', id: 'here' } })
  await ask('PUT', '/Patient/gone', { body: { resourceType: 'Patient', id: 'gone' } })
  await ask('DELETE', '/Patient/gone')
})
afterAll(() => server?.stop())

const observation = (more: object) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  ...more,
})
const expressions = (json: { issue: { expression: string[] }[] }) =>
  json.issue.map(({ expression }) => expression[0])

test.each([
  ['a target that is not there', { subject: { reference: 'Patient/none' } }, 'Observation.subject.reference'],
  ['a deleted target', { subject: { reference: 'Patient/gone' } }, 'Observation.subject.reference'],
  [
    'a target below our own base',
    { performer: [{ display: 'x' }, { reference: 'https://api.example.org/fhir/Patient/none' }] },
    'Observation.performer[1].reference',
  ],
  [
    'a choice in an extension',
    { extension: [{ url: 'http://x', valueReference: { reference: 'Patient/none' } }] },
    'Observation.extension[0].value.reference',
  ],
  [
    "a primitive's extension",
    { _status: { extension: [{ url: 'http://x', valueReference: { reference: 'Patient/none' } }] } },
    'Observation.status.extension[0].value.reference',
  ],
  [
    'a contained resource',
    {
      subject: { reference: '#p' },
      contained: [
        { resourceType: 'Patient', id: 'p', managingOrganization: { reference: 'Organization/n' } },
      ],
    },
    'Observation.contained[0].managingOrganization.reference',
  ],
])('refuses %s, naming where it stands', async (_, more, expression) => {
  const { status, json } = await ask('POST', '/Observation', { body: observation(more) })
  expect([status, expressions(json)]).toEqual([422, [expression]])
  expect(json.issue[0].diagnostics).toContain('does not exist')
})

test.each([
  ['a target that is there', { reference: 'Patient/here' }],
  ['one of its versions', { reference: 'Patient/here/_history/1' }],
  ['one elsewhere', { reference: 'https://elsewhere.example.org/fhir/Patient/1' }],
  ['an identifier alone', { identifier: { value: '1' } }],
  [
    'a urn that nothing in the request answers to',
    { reference: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520' },
  ],
])('takes %s', async (_, subject) => {
  expect((await ask('POST', '/Observation', { body: observation({ subject }) })).status).toBe(201)
})

const transaction = (...entry: object[]) =>
  ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
const put = (resource: { resourceType: string; id: string }) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})

test('takes what another entry of the same transaction creates', async () => {
  const { status } = await transaction(
    {
      resource: observation({ subject: { reference: 'Patient/new' } }),
      request: { method: 'POST', url: 'Observation' },
    },
    put({ resourceType: 'Patient', id: 'new' }),
  )
  expect(status).toBe(200)
})

test('refuses what another entry deletes, and stores nothing', async () => {
  await ask('PUT', '/Patient/going', { body: { resourceType: 'Patient', id: 'going' } })
  const { status, json } = await transaction(
    { request: { method: 'DELETE', url: 'Patient/going' } },
    put({ ...observation({ subject: { reference: 'Patient/going' } }), id: 'left' }),
  )
  expect([status, expressions(json)]).toEqual([422, ['Bundle.entry[1].resource.subject.reference']])
  expect((await ask('GET', '/Patient/going')).status).toBe(200)
  expect((await ask('GET', '/Observation/left')).status).toBe(404)
})

test('refuses a patch that leads to nothing', async () => {
  const { json } = await ask('POST', '/Observation', { body: observation({}) })
  const { status, json: told } = await ask('PATCH', `/Observation/${json.id}`, {
    headers: { 'Content-Type': 'application/json-patch+json' },
    body: [{ op: 'add', path: '/subject', value: { reference: 'Patient/none' } }],
  })
  expect([status, expressions(told)]).toEqual([422, ['Observation.subject.reference']])
})

test('asks only for what R4 allows where the setting says types', async () => {
  const subject = { reference: 'Medication/1' }
  expect((await ask('POST', '/Observation', { body: observation({ subject }) })).status).toBe(400)
  expect((await lax('POST', '/Observation', { body: observation({ subject }) })).status).toBe(201)
})

test('refuses settings that it does not know', () => {
  expect(() => door(server.engines, { REFERENCE_CHECKS: 'maybe' })).toThrow(
    /REFERENCE_CHECKS takes off, types, exist/,
  )
  expect(() => door(server.engines, { REQUIRED_PROFILES: 'Pateint=http://x' })).toThrow(/REQUIRED_PROFILES/)
})
