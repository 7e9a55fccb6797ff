import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { door } from '../../src/handlers/door/door.ts'
import { askDoor, eventOf, type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)

const uuid = (n: number) => `urn:uuid:0c3151bd-1cbf-4d64-b04d-${String(n).padStart(12, '0')}`
const bundle = (type: string, ...entry: object[]) => ({ resourceType: 'Bundle', type, entry })
const post = (resource: { resourceType: string }, n?: number, request: object = {}) => ({
  ...(n === undefined ? {} : { fullUrl: uuid(n) }),
  resource,
  request: { method: 'POST', url: resource.resourceType, ...request },
})
const patient = (mrn: string, more: object = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:mrn', value: mrn }],
  ...more,
})
const observation = (subject: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  subject: { reference: subject },
  effectiveDateTime: '2026-01-01T08:00:00Z',
  ...more,
})
const send = (body: object, headers = {}) => ask('POST', '/', { body, headers })
const total = async (query: string) => (await ask('GET', query)).json.entry?.length ?? 0

describe('a transaction', () => {
  test('creates all, rewrites links and answers each entry in order', async () => {
    const div = `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${uuid(1)}">who</a></div>`
    const told = await send(
      bundle(
        'transaction',
        post(observation(uuid(1), { text: { status: 'generated', div } }), 2),
        post(patient('t1'), 1),
        { request: { method: 'GET', url: 'Patient?identifier=urn:mrn|t1' } },
      ),
    )
    expect(told.status).toBe(200)
    const [first, second, third] = told.json.entry
    expect(told.json.type).toBe('transaction-response')
    expect(first.response).toMatchObject({ status: '201 Created', etag: 'W/"1"' })
    expect(first.response.location).toMatch(/^Observation\/[\w-]+\/_history\/1$/)
    const patientPath = second.response.location.replace('/_history/1', '')
    const { json } = await ask('GET', `/${first.response.location}`)
    expect(json.subject.reference).toBe(patientPath)
    expect(json.text.div).toContain(`href="${patientPath}"`)
    expect(third.resource.entry[0].resource.id).toBe(patientPath.split('/')[1])
  })

  test('keeps a business identifier that looks like a link, and every digit', async () => {
    const text = JSON.stringify(
      bundle(
        'transaction',
        post(patient('t2'), 1),
        post(observation(uuid(1), { identifier: [{ system: 'urn:ietf:rfc:3986', value: uuid(1) }] }), 2),
      ),
    ).replace('"status":"final"', '"status":"final","valueQuantity":{"value":1.00}')
    const told = await ask('POST', '/', { body: text })
    const read = await ask('GET', `/${told.json.entry[1].response.location}`)
    expect(read.json.identifier[0].value).toBe(uuid(1))
    expect(read.text).toContain('"value":1.00}')
  })

  test('resolves conditional references and relative links between entries with addresses', async () => {
    await ask('PUT', '/Practitioner/dr', {
      body: { resourceType: 'Practitioner', id: 'dr', identifier: [{ system: 'urn:npi', value: '7' }] },
    })
    const told = await send(
      bundle(
        'transaction',
        { ...post(patient('t3')), fullUrl: 'http://elsewhere.org/fhir/Patient/55' },
        {
          ...post(
            observation('Patient/55', { performer: [{ reference: 'Practitioner?identifier=urn:npi|7' }] }),
          ),
          fullUrl: 'http://elsewhere.org/fhir/Observation/56',
        },
      ),
    )
    expect(told.status).toBe(200)
    const { json } = await ask('GET', `/${told.json.entry[1].response.location}`)
    expect(json.performer[0].reference).toBe('Practitioner/dr')
    expect(`${json.subject.reference}/_history/1`).toBe(told.json.entry[0].response.location)
  })

  test.each([
    ['matches nothing', 'urn:nobody|1'],
    ['matches several', 'urn:twins|1'],
  ])('names the entry whose conditional reference %s, and stores nothing', async (_, identifier) => {
    for (const id of ['twin-a', 'twin-b'])
      await ask('PUT', `/Practitioner/${id}`, {
        body: { resourceType: 'Practitioner', id, identifier: [{ system: 'urn:twins', value: '1' }] },
      })
    const told = await send(
      bundle(
        'transaction',
        post(patient('t4'), 1),
        post(observation(uuid(1), { performer: [{ reference: `Practitioner?identifier=${identifier}` }] })),
      ),
    )
    expect(told.status).toBe(412)
    expect(told.json.issue[0].expression).toEqual(['Bundle.entry[1].resource.performer[0].reference'])
    expect(await total('/Patient?identifier=urn:mrn|t4')).toBe(0)
  })

  test('names every failing entry and leaves nothing of the others', async () => {
    const told = await send(
      bundle(
        'transaction',
        post(patient('t5'), 1),
        { resource: patient('t5', { id: 'x' }), request: { method: 'PUT', url: 'Patient/other' } },
        post(patient('t5', { resourceType: 'Nonsense' })),
        { request: { method: 'GET' } },
      ),
    )
    expect(told.status).toBe(400)
    const expressions = told.json.issue.map(({ expression }: { expression: string[] }) => expression[0])
    expect(expressions.join()).toContain('Bundle.entry[')
    expect(await total('/Patient?identifier=urn:mrn|t5')).toBe(0)
  })

  test('commits nothing when one precondition fails', async () => {
    await ask('PUT', '/Patient/pre', { body: patient('t6', { id: 'pre' }) })
    const told = await send(
      bundle('transaction', post(patient('t6b')), {
        resource: patient('t6', { id: 'pre', gender: 'male' }),
        request: { method: 'PUT', url: 'Patient/pre', ifMatch: 'W/"9"' },
      }),
    )
    expect([told.status, told.json.issue[0].expression]).toEqual([412, ['Bundle.entry[1]']])
    expect(await total('/Patient?identifier=urn:mrn|t6b')).toBe(0)
  })

  test('refuses two changes of one resource', async () => {
    const told = await send(
      bundle(
        'transaction',
        { resource: patient('t7', { id: 'dup' }), request: { method: 'PUT', url: 'Patient/dup' } },
        { request: { method: 'DELETE', url: 'Patient/dup' } },
      ),
    )
    expect([told.status, told.json.issue[0].expression]).toEqual([400, ['Bundle.entry[1]']])
  })

  test('finds instead of creating, and links to what it found', async () => {
    const asking = bundle(
      'transaction',
      post(patient('t8'), 1, { ifNoneExist: 'identifier=urn:mrn|t8' }),
      post(observation(uuid(1)), 2),
    )
    const first = await send(asking)
    const second = await send(asking)
    expect(first.json.entry[0].response.status).toBe('201 Created')
    expect(second.json.entry[0].response.status).toBe('200 OK')
    expect(second.json.entry[0].response.location).toBe(first.json.entry[0].response.location)
    const { json } = await ask('GET', `/${second.json.entry[1].response.location}`)
    expect(`${json.subject.reference}/_history/1`).toBe(first.json.entry[0].response.location)
  })

  test('creates once where two entries have the same condition', async () => {
    const entry = (n: number) => post(patient('t9'), n, { ifNoneExist: 'identifier=urn:mrn|t9' })
    const told = await send(bundle('transaction', entry(1), entry(2)))
    expect(told.json.entry.map(({ response }: { response: { status: string } }) => response.status)).toEqual([
      '201 Created',
      '200 OK',
    ])
    expect(await total('/Patient?identifier=urn:mrn|t9')).toBe(1)
  })

  test('updates and deletes by condition', async () => {
    const put = (gender: string) => ({
      resource: patient('t10', { gender }),
      request: { method: 'PUT', url: 'Patient?identifier=urn:mrn|t10' },
    })
    const created = await send(bundle('transaction', put('male')))
    const updated = await send(bundle('transaction', put('female')))
    expect([created, updated].map(({ json }) => json.entry[0].response.status)).toEqual([
      '201 Created',
      '200 OK',
    ])
    const remove = bundle('transaction', {
      request: { method: 'DELETE', url: 'Patient?identifier=urn:mrn|t10' },
    })
    expect((await send(remove)).json.entry[0].response.status).toBe('204 No Content')
    expect(await total('/Patient?identifier=urn:mrn|t10')).toBe(0)
  })

  test('gives the resources back where that is preferred', async () => {
    const body = bundle('transaction', post(patient('t11')))
    const told = await send(body, { Prefer: 'return=representation' })
    expect(told.json.entry[0].resource.identifier[0].value).toBe('t11')
    expect((await send(body)).json.entry[0].resource).toBeUndefined()
  })

  test('forbids an entry that the principal may not do', async () => {
    const body = bundle('transaction', post(patient('t12')), {
      request: { method: 'DELETE', url: 'Patient/t12' },
    })
    const told = await ask('POST', '/', { body, groups: 'loader' })
    expect([told.status, told.json.issue[0].expression]).toEqual([403, ['Bundle.entry[1]']])
    expect(await total('/Patient?identifier=urn:mrn|t12')).toBe(0)
  })

  test('takes 1,200 entries at once', async () => {
    const entries = Array.from({ length: 1199 }, (_, i) =>
      post(observation(uuid(1), { identifier: [{ system: 'urn:n', value: `n${i}` }] })),
    )
    const told = await send(bundle('transaction', post(patient('t13'), 1), ...entries))
    expect([told.status, told.json.entry.length]).toEqual([200, 1200])
    const id = told.json.entry[0].response.location.split('/')[1]
    const page = await ask('GET', `/Observation?patient=${id}&_count=1000`)
    expect(page.json.entry.length).toBe(1000)
    expect(page.json.link.find(({ relation }: { relation: string }) => relation === 'next')).toBeDefined()
  })

  test('is kept as it came', async () => {
    const text = JSON.stringify(bundle('transaction', post(patient('t14'))), null, 1)
    await ask('POST', '/', { body: text })
    const archived = []
    for await (const key of server.engines.archive.keys('archive/'))
      if (key.includes('undle')) archived.push(await server.engines.archive.read(key))
    expect(archived).toContain(text)
  })
})

describe('a batch', () => {
  test('does each entry on its own', async () => {
    const told = await send(
      bundle(
        'batch',
        post(patient('b1')),
        { request: { method: 'GET', url: 'Patient/nobody' } },
        { request: { method: 'GET', url: 'Patient?identifier=urn:mrn|b1' } },
        { resource: patient('b1', { id: 'x' }), request: { method: 'PUT', url: 'Patient/y' } },
        { request: { method: 'GET', url: 'Patient?nonsense=1' } },
        { request: { method: 'FLY', url: 'Patient' } },
      ),
    )
    expect(told.status).toBe(200)
    const { entry } = told.json
    expect(
      entry.map(({ response }: { response: { status: string } }) => response.status.slice(0, 3)),
    ).toEqual(['201', '404', '200', '400', '400', '400'])
    expect(entry[2].resource.entry.length).toBe(1)
    expect(entry[1].response.outcome.issue[0].code).toBe('not-found')
  })
})

test.each([
  ['a document', { resourceType: 'Bundle', type: 'document' }, 'Bundle.type'],
  ['no Bundle', { resourceType: 'Patient' }, undefined],
])('refuses %s at the base', async (_, body, expression) => {
  const told = await send(body)
  expect([told.status, told.json.issue[0].expression?.[0]]).toEqual([400, expression])
})

test('makes one of fifty parallel conditional creates', async () => {
  const headers = { 'If-None-Exist': 'identifier=urn:mrn|fifty' }
  const told = await Promise.all(
    Array.from({ length: 50 }, () => ask('POST', '/Patient', { body: patient('fifty'), headers })),
  )
  expect(told.map(({ status }) => status).sort()).toEqual([...Array(49).fill(200), 201])
  expect(new Set(told.map(({ json }) => json.id)).size).toBe(1)
})

test('makes one of fifty parallel conditional creates in bundles', async () => {
  const body = bundle(
    'transaction',
    post(patient('fifty-b'), 1, { ifNoneExist: 'identifier=urn:mrn|fifty-b' }),
  )
  const told = await Promise.all(Array.from({ length: 50 }, () => send(body)))
  expect(told.map(({ status }) => status)).toEqual(Array(50).fill(200))
  expect(new Set(told.map(({ json }) => json.entry[0].response.location)).size).toBe(1)
})

const synthea = new URL('../../../shared/data/synthea/', import.meta.url)
const samples = (() => {
  try {
    return readdirSync(synthea).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
})()

test.runIf(samples.length > 0)('loads a bundle of Synthea and gives every resource back', async () => {
  const text = readFileSync(new URL(samples[0] ?? '', synthea), 'utf8')
  const told = await ask('POST', '/', { body: text })
  expect(told.status).toBe(200)
  const sent = JSON.parse(text).entry
  expect(told.json.entry.length).toBe(sent.length)
  const types = sent.map(({ resource }: { resource: { resourceType: string } }) => resource.resourceType)
  const made = told.json.entry.map(
    ({ response }: { response: { location: string } }) => response.location.split('/')[0],
  )
  expect(made).toEqual(types)
})

test.each(['transaction', 'batch'])(
  'a %s that cannot be archived is a fault and changes nothing',
  async (type) => {
    const gone = { bundle: () => Promise.reject(new Error('the bucket is gone')) }
    const handler = door({ openStore: server.engines.openStore, archive: gone }, { LOG_LEVEL: 'OFF' })
    const resource = { resourceType: 'Basic', id: `lost-${type}`, code: { text: 'x' } }
    const entry = [{ resource, request: { method: 'PUT', url: `Basic/lost-${type}` } }]
    const event = eventOf('POST', '/', { body: { resourceType: 'Bundle', type, entry } })
    const answer = await askDoor(handler, event)
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('bucket')
    expect((await server.ask('GET', `/Basic/lost-${type}`)).status).toBe(404)
  },
)
