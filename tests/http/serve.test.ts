import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, sampleEvent, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer({ MAX_BODY_BYTES: '2000000' })
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
const kindOf = ({ json }: { json: { issue: { details: { coding: { code: string }[] } }[] } }) =>
  json.issue[0]?.details.coding[0]?.code

describe('bad input', () => {
  test.each([
    ['JSON that does not parse', '{"resourceType":"Patient",}', 400, 'malformed', undefined],
    ['an empty body', '', 400, 'malformed', undefined],
    ['something that is no resource', '[1]', 400, 'malformed', undefined],
    ['another type than the URL', { resourceType: 'Group' }, 400, 'invalid', 'resourceType'],
    [
      'an unknown element',
      { resourceType: 'Patient', colour: 'red' },
      400,
      'unknown-element',
      'Patient.colour',
    ],
    [
      'a name that stands twice in an object',
      '{"resourceType":"Patient","name":[{"text":"a"},{"family":"b","family":"b"}]}',
      400,
      'malformed',
      'Patient.name[1].family',
    ],
    [
      'a name that stands twice, once escaped',
      '{"resourceType":"Patient","id":"a:b","\\u0069d":"c"}',
      400,
      'malformed',
      'Patient.id',
    ],
    [
      'what nests too deep',
      `{"resourceType":"Patient","x":${'['.repeat(200)}${']'.repeat(200)}}`,
      400,
      'malformed',
      undefined,
    ],
    [
      'what is too large',
      `{"resourceType":"Patient","x":"${'x'.repeat(2_000_000)}"}`,
      413,
      'too-large',
      undefined,
    ],
  ])('refuses %s', async (_, body, status, kind, expression) => {
    const told = await ask('POST', '/Patient', { body })
    expect([told.status, kindOf(told)]).toEqual([status, kind])
    expect(told.json.issue[0].expression?.[0]).toBe(expression)
  })

  test('says where JSON goes wrong', async () => {
    const { json } = await ask('POST', '/Patient', { body: '{"resourceType":"Patient",\n "active": tru}' })
    expect(json.issue[0].diagnostics).toContain('line 2, column 12')
  })

  test.each([
    ['no id', {}, 'required'],
    ['another id', { id: 'b' }, 'invalid'],
  ])('refuses an update with %s', async (_, more, kind) => {
    const told = await ask('PUT', '/Patient/a', { body: { resourceType: 'Patient', ...more } })
    expect([told.status, kindOf(told), told.json.issue[0].expression[0]]).toEqual([400, kind, 'Patient.id'])
  })

  test.each([
    ['GET', '/Patient/a_b', 400, 'invalid'],
    ['GET', '/Patience/1', 404, 'unknown-type'],
    ['GET', '/Patient/nobody', 404, 'not-found'],
    ['GET', '/no/such/path/at/all', 404, 'not-found'],
    ['DELETE', '/metadata', 405, 'method-not-allowed'],
    ['PUT', '/Patient?', 400, 'invalid'],
  ])('answers %s %s with %i', async (method, target, status, kind) => {
    const body = method === 'PUT' ? { resourceType: 'Patient' } : undefined
    const told = await ask(method, target, { body })
    expect([told.status, kindOf(told)]).toEqual([status, kind])
  })

  test('takes no other format, and names its own', async () => {
    const told = await ask('POST', '/Patient', { body: 'a,b', headers: { 'Content-Type': 'text/csv' } })
    expect([told.status, kindOf(told)]).toEqual([415, 'media-type'])
    const read = await ask('GET', '/Patient/1', { headers: { Accept: 'application/pdf' } })
    expect([read.status, kindOf(read)]).toEqual([406, 'not-acceptable'])
    expect(read.json.issue[0].diagnostics).toContain('application/fhir+json')
  })
})

describe('rights', () => {
  test('asks for a token where there are no claims', async () => {
    const told = await ask('GET', '/Patient/1', { open: true })
    expect([told.status, told.headers['WWW-Authenticate']]).toEqual([401, 'Bearer'])
  })

  test.each([
    ['viewer', 'POST', '/Patient', 403],
    ['loader', 'DELETE', '/Patient/1', 403],
    ['', 'GET', '/Patient/1', 403],
    ['viewer', 'GET', '/Patient/1', 404],
  ])('lets %j %s %s with %i', async (groups, method, target, status) => {
    const body = method === 'POST' ? { resourceType: 'Patient' } : undefined
    expect((await ask(method, target, { groups, body })).status).toBe(status)
  })

  test('are asked for by each entry of a batch', async () => {
    const body = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [{ request: { method: 'DELETE', url: 'Patient/1' } }],
    }
    const { json } = await ask('POST', '/', { body, groups: 'loader' })
    expect(json.entry[0].response.status).toBe('403 Forbidden')
  })

  test('are not needed for metadata', async () => {
    expect((await ask('GET', '/metadata', { open: true })).status).toBe(200)
  })
})

describe('manners', () => {
  test('HEAD tells the headers of GET without a body', async () => {
    await ask('PUT', '/Patient/h', { body: { resourceType: 'Patient', id: 'h' } })
    const { status, headers, text } = await ask('HEAD', '/Patient/h')
    expect([status, headers.ETag, text]).toEqual([200, 'W/"1"', ''])
  })

  test('OPTIONS tells what is possible, also to other origins', async () => {
    const { status, headers } = await ask('OPTIONS', '/Patient/h', { open: true })
    expect(status).toBe(204)
    expect(headers.Allow).toBe(headers['Access-Control-Allow-Methods'])
    expect(headers.Allow).toContain('PUT')
    expect(headers['Access-Control-Allow-Headers']).toContain('If-Match')
  })

  test('a method that is not possible is answered with those that are', async () => {
    expect((await ask('POST', '/Patient/h', { body: '{}' })).headers.Allow).toContain('GET, HEAD')
  })

  test('every answer exposes its headers and names its request', async () => {
    const { headers } = await ask('GET', '/Patient/h', { headers: { 'X-Request-Id': 'mine-1' } })
    expect(headers['Access-Control-Expose-Headers']).toContain('Content-Location')
    expect(headers['X-Request-Id']).toBe('c6af9ac6-7b61-11e6-9a41-93e8deadbeef')
    expect(headers['X-Correlation-Id']).toBe('mine-1')
  })
})

test.each([
  ['capabilities', 200],
  ['create', 201],
  ['conditional-create', 200],
  ['update', 201],
  ['read', 200],
  ['vread', 200],
  ['search', 200],
  ['search-post', 200],
  ['history-instance', 200],
  ['history-type', 200],
  ['history-system', 200],
  ['transaction', 200],
  ['batch', 200],
  ['delete', 204],
])('the sample event %s is answered with %i', async (name, status) => {
  expect((await server.send(sampleEvent(name))).status).toBe(status)
})
