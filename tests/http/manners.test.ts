import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
  await put({})
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
const patient = (more: object) => ({ resourceType: 'Patient', id: 'm', ...more })
const put = (more: object, headers: Record<string, string> = {}) =>
  ask('PUT', '/Patient/m', { body: patient(more), headers })
const patch = [{ op: 'add', path: '/gender', value: 'other' }]
const patching = { 'Content-Type': 'application/json-patch+json' }

test('HEAD tells the headers of GET, and no body', async () => {
  for (const target of [
    '/Patient/m',
    '/Patient/m/_history/1',
    '/Patient?_id=m',
    '/Patient/m/_history',
    '/Patient/none',
  ]) {
    const [get, head] = [await ask('GET', target), await ask('HEAD', target)]
    expect([head.status, head.text]).toEqual([get.status, ''])
    expect({ ...head.headers, 'X-Request-Id': '' }).toEqual({ ...get.headers, 'X-Request-Id': '' })
  }
})

test('an answer may be kept for oneself, and is asked for again each time', async () => {
  for (const target of ['/Patient/m', '/Patient', '/metadata', '/Patient/none'])
    expect((await ask('GET', target)).headers).toMatchObject({
      'Cache-Control': 'private, no-cache',
      Vary: 'Accept, Accept-Encoding',
    })
})

describe('304', () => {
  test.each([
    { 'If-None-Match': 'W/"1"' },
    { 'If-None-Match': '"1"' },
    { 'If-None-Match': 'W/"9", W/"1"' },
    { 'If-None-Match': '*' },
    { 'If-Modified-Since': 'Sat, 21 Nov 2099 08:00:00 GMT' },
  ])('answers %j, with where and which it is', async (headers) => {
    const told = await ask('GET', '/Patient/m/_history/1', { headers })
    expect([told.status, told.text]).toEqual([304, ''])
    expect(told.headers).toMatchObject({
      ETag: 'W/"1"',
      'Content-Location': expect.stringContaining('/Patient/m/_history/1'),
      'Last-Modified': expect.stringMatching(/GMT$/),
    })
  })

  test.each([
    { 'If-None-Match': 'W/"9"', 'If-Modified-Since': 'Sat, 21 Nov 2099 08:00:00 GMT' },
    { 'If-Modified-Since': 'Sat, 21 Nov 2009 08:00:00 GMT' },
    { 'If-Modified-Since': 'whenever' },
  ])('does not answer %j', async (headers) => {
    expect((await ask('GET', '/Patient/m', { headers })).status).toBe(200)
  })
})

describe('a change is made under its conditions only:', () => {
  const current = async () => (await ask('GET', '/Patient/m')).headers.ETag ?? ''
  const past = 'Sat, 21 Nov 2009 08:00:00 GMT'
  test.each([[{ 'If-Match': 'W/"99"' }], [{ 'If-None-Match': '*' }], [{ 'If-Unmodified-Since': past }]])(
    '%j is 412',
    async (headers) => {
      const before = await current()
      const body = patient({ active: true })
      const put = await ask('PUT', '/Patient/m', { body, headers })
      expect(put.status).toBe(412)
      if (!('If-None-Match' in headers)) {
        const others = [
          await ask('PATCH', '/Patient/m', { body: patch, headers: { ...patching, ...headers } }),
          await ask('DELETE', '/Patient/m', { headers }),
        ]
        expect(others.map(({ status }) => status)).toEqual([412, 412])
      }
      expect(await current()).toBe(before)
    },
  )

  test('weak and strong ETags, any version, and a date to come let it be made', async () => {
    for (const [i, condition] of [
      ['If-Match', await current()],
      ['If-Match', `"${Number(/\d+/.exec(await current())?.[0]) + 1}"`],
      ['If-Match', '*'],
      ['If-Unmodified-Since', 'Sat, 21 Nov 2099 08:00:00 GMT'],
      ['If-Unmodified-Since', 'whenever'],
    ].entries()) {
      const [name = '', value = ''] = condition
      const told = await put({ birthDate: `200${i}-01-01` }, { [name]: value })
      expect([value, told.status]).toEqual([value, 200])
    }
  })

  test('what is not there has no version', async () => {
    for (const match of ['*', 'W/"1"', 'W/"4f0c1b"']) {
      const headers = { 'If-Match': match }
      const body = { resourceType: 'Patient', id: 'none' }
      expect((await ask('PUT', '/Patient/none', { body, headers })).status).toBe(412)
    }
  })

  test.each([
    ['PUT', '/Patient/m', { 'If-None-Match': 'W/"1"' }],
    ['PUT', '/Patient/m', { 'If-None-Exist': 'active=true' }],
    ['POST', '/Patient', { 'If-None-Match': '*' }],
    ['PUT', '/Patient/m', { 'If-Match': 'sometimes' }],
  ])('%s %s does not know %j', async (method, target, headers) => {
    const told = await ask(method, target, { body: patient({}), headers })
    expect([told.status, told.json.issue[0].diagnostics]).toEqual([
      400,
      expect.stringContaining(Object.keys(headers)[0] ?? ''),
    ])
  })
})

describe('what can be done at an address', () => {
  test.each([
    ['/', 'GET, HEAD, POST, OPTIONS'],
    ['/metadata', 'GET, HEAD, OPTIONS'],
    ['/Patient', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
    ['/Patient/m', 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
    ['/Patient/m/_history/1', 'GET, HEAD, OPTIONS'],
    ['/Patient/_search', 'POST, OPTIONS'],
    ['/Patient/m/$meta-add', 'POST, OPTIONS'],
  ])('%s: %s', async (target, allowed) => {
    const told = await ask('OPTIONS', target)
    expect([told.status, told.headers.Allow, told.headers['Access-Control-Allow-Methods']]).toEqual([
      204,
      allowed,
      allowed,
    ])
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE']) {
      if (allowed.split(', ').includes(method)) continue
      const refused = await ask(method, target)
      expect([refused.status, refused.headers.Allow]).toEqual([405, allowed])
    }
  })

  test('browsers may send and see every header that there is', async () => {
    const { headers } = await ask('OPTIONS', '/Patient/m')
    const sent = headers['Access-Control-Allow-Headers']?.split(', ')
    for (const name of [
      'Authorization',
      'Content-Encoding',
      'If-Unmodified-Since',
      'X-Provenance',
      'X-Security-Context',
    ])
      expect(sent).toContain(name)
    const seen = headers['Access-Control-Expose-Headers']?.split(', ')
    for (const name of ['ETag', 'Location', 'Content-Location', 'Retry-After', 'X-Progress'])
      expect(seen).toContain(name)
  })
})

test.each([
  ['Accept', 'text/turtle', 406],
  ['Accept', 'application/fhir+json;fhirVersion=3.0', 406],
  ['Accept', 'text/turtle, application/fhir+xml;q=0.5', 200],
  ['Content-Encoding', 'br', 415],
  ['Content-Type', 'text/turtle', 415],
  ['Content-Type', 'application/fhir+json; fhirVersion=5.0', 415],
  ['Content-Type', 'application/json; charset=utf-8', 200],
])('%s: %s is answered with %i', async (name, value, status) => {
  expect((await put({}, { [name]: value })).status).toBe(status)
})

test('a request has an id, and the one that the caller gave is told beside it', async () => {
  const told = await ask('GET', '/Patient/m', { headers: { 'X-Request-Id': 'mine-1' } })
  expect(told.headers).toMatchObject({
    'X-Correlation-Id': 'mine-1',
    'X-Request-Id': expect.stringMatching(/./),
  })
  const forged = await ask('GET', '/Patient/m', { headers: { 'X-Request-Id': 'a\nb' } })
  expect(forged.headers['X-Correlation-Id']).toBeUndefined()
})

test('what the server says itself is ignored in a body, whatever it is', async () => {
  const meta = { versionId: 'a b', lastUpdated: 'yesterday', tag: [{ code: 'kept' }] }
  for (const id of ['patient_1', 12, 'x'.repeat(70)]) {
    const told = await ask('POST', '/Patient', { body: { resourceType: 'Patient', id, meta } })
    expect([told.status, told.json.meta.versionId, told.json.meta.tag]).toEqual([201, '1', meta.tag])
    expect(told.json.id).toMatch(/^[\w-]{36}$/)
  }
  const put = await ask('PUT', '/Patient/ignored', { body: { resourceType: 'Patient', id: 'ignored', meta } })
  expect([put.status, put.json.meta.versionId]).toEqual([201, '1'])
})
