/** https://hl7.org/fhir/R4/http.html#trules and https://hl7.org/fhir/R4/bundle.html#references, rule by rule. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)

const uuid = (n: number) => `urn:uuid:0c3151bd-1cbf-4d64-b04d-${String(n).padStart(12, '0')}`
type Resource = { resourceType: string; id?: string } & Record<string, unknown>
const identified = (value: string, more: object = {}): Resource => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:mrn', value }],
  ...more,
})
const observation = (subject: string, more: object = {}): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  subject: { reference: subject },
  ...more,
})
const post = (resource: Resource, request: object = {}, fullUrl?: string) => ({
  ...(fullUrl && { fullUrl }),
  resource,
  request: { method: 'POST', url: resource.resourceType, ...request },
})
const put = (resource: Resource, url = `${resource.resourceType}/${resource.id}`, request: object = {}) => ({
  resource,
  request: { method: 'PUT', url, ...request },
})
const asking = (method: string, url: string, request: object = {}) => ({
  request: { method, url, ...request },
})
const send = (type: string, entry: object[], headers = {}) =>
  ask('POST', '/', { body: { resourceType: 'Bundle', type, entry }, headers })
const transact = (...entry: object[]) => send('transaction', entry)
type Entry = {
  resource?: Resource
  response: { status: string; location?: string; etag?: string; lastModified?: string; outcome?: Resource }
}
const entriesOf = ({ json }: { json: { entry: Entry[] } }): Entry[] => json.entry
const statuses = (told: { json: { entry: Entry[] } }) =>
  entriesOf(told).map(({ response }) => response.status.slice(0, 3))
const pathOf = ({ response }: Entry) => response.location?.replace(/\/_history\/\d+$/, '') ?? ''
const read = async (entry: Entry | undefined) => (await ask('GET', `/${entry ? pathOf(entry) : ''}`)).json
const found = async (mrn: string): Promise<string[]> => {
  const { json } = await ask('GET', `/Patient?identifier=urn:mrn|${mrn}`)
  return (json.entry ?? []).map(({ resource }: { resource: Resource }) => `Patient/${resource.id}`)
}

describe('whatever the order of entries', () => {
  test('deletions come first: a condition does not find what the same transaction deletes', async () => {
    await ask('PUT', '/Patient/old', { body: identified('o1', { id: 'old' }) })
    const told = await transact(
      post(identified('o1'), { ifNoneExist: 'identifier=urn:mrn|o1' }),
      asking('DELETE', 'Patient/old'),
    )
    expect(statuses(told)).toEqual(['201', '204'])
    expect(await found('o1')).toEqual([pathOf(told.json.entry[0])])
  })

  test.each(['transaction', 'batch'])('the answers of a %s stand where the entries stood', async (type) => {
    const id = `order-${type}`
    await ask('PUT', `/Patient/${id}-gone`, { body: identified('o2', { id: `${id}-gone` }) })
    const told = await send(type, [
      asking('GET', `Patient/${id}`),
      asking('GET', `Patient/${id}-gone`),
      put(identified('o2', { id })),
      post(observation(`Patient/${id}`)),
      asking('DELETE', `Patient/${id}-gone`),
      asking('HEAD', `Patient/${id}`),
    ])
    expect(statuses(told)).toEqual(['200', '410', '201', '201', '204', '200'])
    expect(entriesOf(told).map(({ resource }) => resource?.resourceType)).toEqual([
      'Patient',
      ...Array(5).fill(undefined),
    ])
  })

  test('a deletion by criteria does not find what the same transaction creates', async () => {
    const told = await transact(
      post(identified('o4')),
      asking('DELETE', 'Patient?identifier=urn:mrn|o4'),
      asking('GET', 'Patient?identifier=urn:mrn|o4'),
    )
    expect(statuses(told)).toEqual(['201', '204', '200'])
    expect(await found('o4')).toHaveLength(1)
  })

  test.each([
    ['update', put(identified('o3'), 'Patient?identifier=urn:mrn|o3')],
    ['second update', put(identified('o3', { active: true }), 'Patient?identifier=urn:mrn|o3')],
  ])('a conditional %s does not make a second one of what another entry creates', async (_, entry) => {
    const first = entry.resource.active
      ? put(identified('o3'), 'Patient?identifier=urn:mrn|o3')
      : post(identified('o3'))
    const told = await transact(first, entry)
    expect([told.status, told.json.issue[0].expression]).toEqual([400, ['Bundle.entry[1]']])
    expect(await found('o3')).toEqual([])
  })
})

describe('a conditional reference', () => {
  test('finds what the same transaction creates', async () => {
    const told = await transact(post(observation('Patient?identifier=urn:mrn|c1')), post(identified('c1')))
    expect(told.status).toBe(200)
    expect((await read(told.json.entry[0])).subject.reference).toBe(pathOf(told.json.entry[1]))
  })

  test('does not find what the same transaction deletes or changes to something else', async () => {
    await ask('PUT', '/Patient/c2', { body: identified('c2', { id: 'c2' }) })
    const refer = post(observation('Patient?identifier=urn:mrn|c2'))
    expect((await transact(refer, asking('DELETE', 'Patient/c2'))).status).toBe(412)
    expect((await transact(refer, put(identified('c2-other', { id: 'c2' })))).status).toBe(412)
    expect((await transact(refer, put(identified('c2', { id: 'c2', active: true })))).status).toBe(200)
  })

  test('is ambiguous where the store has one and the transaction creates another', async () => {
    const told = await transact(post(observation('Patient?identifier=urn:mrn|c2')), post(identified('c2')))
    expect([told.status, told.json.issue[0].expression]).toEqual([
      412,
      ['Bundle.entry[0].resource.subject.reference'],
    ])
  })
})

describe('a FHIRPath Patch', () => {
  const referTo = (reference: string) => ({
    resource: {
      resourceType: 'Parameters',
      parameter: [
        {
          name: 'operation',
          part: [
            { name: 'type', valueCode: 'replace' },
            { name: 'path', valueString: 'Observation.subject' },
            { name: 'value', valueReference: { reference } },
          ],
        },
      ],
    },
    ...asking('PATCH', 'Observation/c4'),
  })

  test('may refer by a search, which is resolved or refused', async () => {
    await ask('PUT', '/Observation/c4', { body: observation('Patient/old', { id: 'c4' }) })
    const told = await transact(referTo('Patient?identifier=urn:mrn|c4'), post(identified('c4')))
    expect(statuses(told)).toEqual(['200', '201'])
    expect((await read(told.json.entry[0])).subject.reference).toBe(pathOf(told.json.entry[1]))
    const { status, json } = await transact(referTo('Patient?identifier=urn:mrn|nobody'))
    expect([status, json.issue[0].expression]).toEqual([
      412,
      ['Bundle.entry[0].resource.parameter[0].part[2].valueReference.reference'],
    ])
  })
})

describe('links to entries', () => {
  test('are rewritten in references, URIs, narrative, contained resources and extensions, not in text', async () => {
    const target = uuid(1)
    const div = `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${target}">${target}</a><img src="${target}"/></div>`
    const told = await transact(
      post(identified('l1'), {}, target),
      post({
        resourceType: 'Basic',
        text: { status: 'generated', div },
        code: { coding: [{ system: target, code: 'x' }], text: target },
        subject: { reference: target, display: target },
        contained: [{ resourceType: 'Basic', id: 'in', code: { text: 'x' }, subject: { reference: target } }],
        extension: [
          { url: 'urn:a', valueUri: target },
          { url: 'urn:b', valueString: target },
          { url: 'urn:c', valueReference: { reference: target } },
          { url: 'urn:d', valueUrl: target },
          { url: 'urn:e', valueUuid: target },
          { url: 'urn:f', valueReference: { reference: '#in' } },
        ],
      }),
    )
    expect(told.status, JSON.stringify(told.json.issue)).toBe(200)
    const basic = await read(told.json.entry[1])
    const path = pathOf(told.json.entry[0])
    expect(basic.subject).toEqual({ reference: path, display: target })
    expect(basic.text.div).toBe(
      `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${path}">${target}</a><img src="${path}"/></div>`,
    )
    expect([basic.code.coding[0].system, basic.code.text]).toEqual([path, target])
    expect(basic.contained[0].subject.reference).toBe(path)
    const values = basic.extension.map((each: object) => Object.values(each)[1])
    expect(values).toEqual([path, target, { reference: path }, path, path, { reference: '#in' }])
  })

  test('are rewritten in a FHIRPath Patch', async () => {
    await ask('PUT', '/Observation/l2', { body: observation('Patient/old', { id: 'l2' }) })
    const parameter = [
      {
        name: 'operation',
        part: [
          { name: 'type', valueCode: 'replace' },
          { name: 'path', valueString: 'Observation.subject' },
          { name: 'value', valueReference: { reference: uuid(2) } },
        ],
      },
    ]
    const told = await transact(post(identified('l2'), {}, uuid(2)), {
      resource: { resourceType: 'Parameters', parameter },
      ...asking('PATCH', 'Observation/l2'),
    })
    expect(statuses(told)).toEqual(['201', '200'])
    expect((await read(told.json.entry[1])).subject.reference).toBe(pathOf(told.json.entry[0]))
  })

  test('to a version lead to the version that is made', async () => {
    const fullUrl = 'http://elsewhere.org/fhir/Patient/77'
    const meta = { versionId: '4' }
    const told = await transact(
      post(identified('l3', { id: '77', meta }), {}, fullUrl),
      post(observation(`${fullUrl}/_history/4`)),
      post(observation('Patient/77/_history/4'), {}, 'http://elsewhere.org/fhir/Observation/78'),
      post(observation(`${fullUrl}/_history/3`)),
    )
    const [made, ...others] = entriesOf(told)
    const subjects = await Promise.all(others.map(async (entry) => (await read(entry)).subject.reference))
    expect(subjects).toEqual(Array(3).fill(made?.response.location))
  })

  test('to a version of what a condition found lead to the version that is there', async () => {
    await ask('PUT', '/Patient/l6', { body: identified('l6', { id: 'l6' }) })
    await ask('PUT', '/Patient/l6', { body: identified('l6', { id: 'l6', active: true }) })
    const told = await transact(
      post(identified('l6'), { ifNoneExist: 'identifier=urn:mrn|l6' }, uuid(6)),
      post(observation(`${uuid(6)}/_history/1`)),
    )
    expect((await read(told.json.entry[1])).subject.reference).toBe('Patient/l6/_history/2')
  })

  test('lead to a UUID in whatever case it is written', async () => {
    const upper = 'urn:uuid:0C3151BD-1CBF-4D64-B04D-00000000ABCD'
    const told = await transact(
      post(identified('l7'), {}, upper),
      post(observation(upper.toLowerCase())),
      post(observation(upper.replace('urn:uuid', 'URN:UUID'))),
    )
    const [made, ...others] = entriesOf(told)
    for (const other of others) expect((await read(other)).subject.reference).toBe(pathOf(made as Entry))
    const batch = await send('batch', [
      post(identified('l7'), {}, upper),
      post(observation(upper.toLowerCase())),
    ])
    expect(statuses(batch)).toEqual(['201', '400'])
  })

  test('lead to a type that R4 allows there', async () => {
    const told = await transact(
      post({ resourceType: 'Practitioner' }, {}, uuid(9)),
      post(observation(uuid(9).toUpperCase().replace('URN:UUID', 'urn:uuid'))),
    )
    expect([told.status, told.json.issue[0].expression]).toEqual([
      400,
      ['Bundle.entry[1].resource.subject.reference'],
    ])
  })

  test('two entries of the same address are refused', async () => {
    const told = await transact(post(identified('l4'), {}, uuid(4)), post(identified('l4'), {}, uuid(4)))
    expect(told.status).toBe(422)
    expect(await found('l4')).toEqual([])
  })

  test('are refused in a batch, whose entries know nothing of each other', async () => {
    const told = await send('batch', [post(identified('l5'), {}, uuid(5)), post(observation(uuid(5)))])
    expect(statuses(told)).toEqual(['201', '400'])
    expect(told.json.entry[1].response.outcome.issue[0].diagnostics).toContain('transaction')
  })
})

describe.each(['transaction', 'batch'])('in a %s', (type) => {
  const id = `e-${type}`
  beforeAll(async () => {
    await ask('PUT', `/Patient/${id}`, { body: identified(id, { id }) })
  })

  test('reads, versions, searches, histories and operations are answered', async () => {
    const told = await send(type, [
      asking('GET', `Patient/${id}`),
      asking('GET', `https://api.example.org/fhir/Patient/${id}/_history/1`),
      asking('GET', `Patient?identifier=urn:mrn|${id}&_summary=count`),
      asking('GET', `Patient/${id}/_history?_count=1`),
      asking('GET', `Patient/${id}/$meta`),
      asking('GET', 'Patient/nobody'),
      asking('GET', `Patient/${id}?_elements=id`),
    ])
    expect(statuses(told)).toEqual(['200', '200', '200', '200', '200', '404', '200'])
    expect(entriesOf(told).map(({ resource }) => resource?.resourceType)).toEqual([
      'Patient',
      'Patient',
      'Bundle',
      'Bundle',
      'Parameters',
      undefined,
      'Patient',
    ])
    expect(told.json.entry[5].response.outcome.issue[0].code).toBe('not-found')
  })

  test('what the caller has already is not sent again', async () => {
    const told = await send(type, [
      asking('GET', `Patient/${id}`, { ifNoneMatch: 'W/"1"' }),
      asking('GET', `Patient/${id}`, { ifNoneMatch: 'W/"2"' }),
      asking('GET', `Patient/${id}`, { ifModifiedSince: '2100-01-01T00:00:00Z' }),
      asking('HEAD', `Patient/${id}`, { ifNoneMatch: 'W/"1"' }),
    ])
    expect(statuses(told)).toEqual(['304', '200', '304', '304'])
    expect(entriesOf(told).map(({ resource }) => resource !== undefined)).toEqual([false, true, false, false])
    expect(entriesOf(told).map(({ response }) => response.etag)).toEqual(Array(4).fill('W/"1"'))
  })

  test('HEAD tells as much as GET, without the resource', async () => {
    const told = await send(type, [asking('HEAD', `Patient/${id}`), asking('HEAD', 'Patient/nobody')])
    expect(statuses(told)).toEqual(['200', '404'])
    const [first] = entriesOf(told)
    expect(first).toEqual({ response: { status: '200 OK', etag: 'W/"1"', lastModified: expect.any(String) } })
  })

  test('every answer to a change says where it is, which version and when', async () => {
    const made = await send(type, [put(identified(`${id}-n`, { id: `${id}-n` }))])
    expect(made.json.entry[0].response).toEqual({
      status: '201 Created',
      location: `Patient/${id}-n/_history/1`,
      etag: 'W/"1"',
      lastModified: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    const gone = await send(type, [asking('DELETE', `Patient/${id}-n`)])
    expect(gone.json.entry[0].response).toMatchObject({ status: '204 No Content', etag: 'W/"2"' })
  })

  test('Prefer says what an answer holds', async () => {
    const change = () => [
      put(identified(id, { id, birthDate: `19${10 + Math.floor(Math.random() * 80)}-01-01` })),
    ]
    const asked = (prefer: string) => send(type, change(), { Prefer: `return=${prefer}` })
    expect((await asked('minimal')).json.entry[0].resource).toBeUndefined()
    expect((await asked('representation')).json.entry[0].resource.id).toBe(id)
    expect((await asked('OperationOutcome')).json.entry[0].response.outcome.resourceType).toBe(
      'OperationOutcome',
    )
  })

  test('conditions on a version hold', async () => {
    const { headers } = await ask('GET', `/Patient/${id}`)
    const conditions = { ifMatch: 'W/"99"' }
    for (const entry of [
      put(identified(id, { id, active: true }), `Patient/${id}`, conditions),
      asking('DELETE', `Patient/${id}`, conditions),
      put(identified(id, { id, active: true }), `Patient/${id}`, { ifNoneMatch: '*' }),
    ]) {
      const told = await send(type, [entry])
      expect(type === 'batch' ? statuses(told)[0] : String(told.status)).toBe('412')
    }
    expect((await ask('GET', `/Patient/${id}`)).headers.ETag).toBe(headers.ETag)
  })
})

test.each([
  ['nowhere', asking('GET', 'Nonsense/1'), 404],
  ['nothing at all', asking('GET', 'a/b/c/d/e'), 404],
])('a read of %s fails the transaction before anything is changed', async (_, entry, status) => {
  const told = await transact(post(identified('r1')), entry)
  expect([told.status, told.json.issue[0].expression]).toEqual([status, ['Bundle.entry[1].request.url']])
  expect(await found('r1')).toEqual([])
})

test('a read that the principal may not do fails the transaction before anything is changed', async () => {
  const entry = [post(identified('r2')), asking('GET', 'Patient?active=true')]
  const told = await ask('POST', '/', {
    body: { resourceType: 'Bundle', type: 'transaction', entry },
    groups: 'loader',
  })
  expect([told.status, await found('r2')]).toEqual([403, []])
})

test('what is preferred goes for each entry: a batch may be lenient', async () => {
  const entry = [asking('GET', 'Patient?colour=red&_count=1')]
  expect(statuses(await send('batch', entry))).toEqual(['400'])
  expect(statuses(await send('batch', entry, { Prefer: 'handling=lenient' }))).toEqual(['200'])
})

test('thousands of conditional updates do not take long to be told apart', async () => {
  const entries = Array.from({ length: 1500 }, (_, i) =>
    put(identified(`m${i}`), `Patient?identifier=urn:mrn|m${i}`),
  )
  const told = await transact(...entries, put(identified('m7'), 'Patient?identifier=urn:mrn|m7'))
  expect([told.status, told.json.issue.length]).toEqual([400, 1])
})

test('a condition that an update does not have is refused, not ignored', async () => {
  const told = await transact(put(identified('n1', { id: 'n1' }), 'Patient/n1', { ifNoneMatch: 'W/"1"' }))
  expect([told.status, told.json.issue[0].diagnostics]).toEqual([
    400,
    expect.stringContaining('If-None-Match'),
  ])
})

test.each(['DELETE', 'GET', 'HEAD'])('a resource with a %s is refused, and never written', async (method) => {
  const entry = { resource: identified('s1', { id: 's1' }), ...asking(method, 'Patient/s1') }
  const told = await transact(entry)
  expect([told.status, told.json.issue[0].expression]).toEqual([400, ['Bundle.entry[0].resource']])
  expect(statuses(await send('batch', [entry]))).toEqual(['400'])
  expect((await ask('GET', '/Patient/s1')).status).toBe(404)
})

test('an entry without a request is told so, and spoils no other entry of a batch', async () => {
  const entries = [{ resource: identified('s2') }, { fullUrl: uuid(8), resource: identified('s2') }]
  const told = await transact(...entries)
  expect([
    told.status,
    told.json.issue.map(({ expression }: { expression: string[] }) => expression[0]),
  ]).toEqual([400, ['Bundle.entry[0].request', 'Bundle.entry[1].request']])
  expect(statuses(await send('batch', [...entries, asking('GET', 'Patient?_count=1')]))).toEqual([
    '400',
    '400',
    '200',
  ])
})

test('addresses of entries may end in a slash, as R4 writes some', async () => {
  const told = await transact(
    { ...post(identified('s3')), request: { method: 'POST', url: 'Patient/' } },
    put(identified('s4'), 'Patient/?identifier=urn:mrn|s4'),
    asking('DELETE', 'Patient/?identifier=urn:mrn|s5'),
    asking('GET', 'https://api.example.org/fhir?_type=Patient&_count=1'),
  )
  expect(statuses(told)).toEqual(['201', '201', '204', '200'])
})

test('a patch in a Binary may name the character set of its type; what is no patch is refused', async () => {
  await ask('PUT', '/Patient/s6', { body: identified('s6', { id: 's6' }) })
  const data = Buffer.from('[{"op":"add","path":"/active","value":true}]').toString('base64')
  const binary = (contentType: string) => ({
    resource: { resourceType: 'Binary', contentType, data },
    ...asking('PATCH', 'Patient/s6'),
  })
  expect(statuses(await transact(binary('application/json-patch+json; charset=utf-8')))).toEqual(['200'])
  expect((await transact(binary('text/plain'))).status).toBe(400)
})

test.each([
  '[{"op":"a1,"path":"/x"}]',
  '{"resourceType":"Parameters","parameter":[{"name":"x"]]}',
  '{"a":1,"a":2}',
  '',
])('a FHIRPath Patch in a Binary that is no JSON is refused: %s', async (text) => {
  const data = Buffer.from(text).toString('base64')
  const entry = {
    resource: { resourceType: 'Binary', contentType: 'application/fhir+json', data },
    ...asking('PATCH', 'Patient/s6'),
  }
  for (const type of ['transaction', 'batch']) {
    const told = await send(type, [entry])
    expect(type === 'batch' ? statuses(told)[0] : String(told.status)).toBe('400')
  }
})

test.each([
  'Practitioner?identifier=urn:mrn|s7',
  'https://elsewhere.org/fhir/Practitioner?identifier=urn:mrn|s7',
])('`ifNoneExist` about another type is refused: %s', async (ifNoneExist) => {
  const told = await transact(post(identified('s7'), { ifNoneExist }))
  expect([told.status, told.json.issue[0].diagnostics]).toEqual([
    400,
    expect.stringContaining('Practitioner'),
  ])
  expect(await found('s7')).toEqual([])
})

test('an operation by POST is answered in a transaction, unless it changes something by itself', async () => {
  const parameter = [{ name: 'url', valueUri: 'http://hl7.org/fhir/ValueSet/administrative-gender' }]
  const parameters = { resourceType: 'Parameters', parameter }
  const told = await transact(
    { ...post(parameters), request: { method: 'POST', url: 'ValueSet/$expand' } },
    { ...post(identified('s8')), request: { method: 'POST', url: 'Patient/$validate' } },
    post(identified('s8')),
  )
  expect(statuses(told)).toEqual(['200', '200', '201'])
  expect(entriesOf(told).map(({ resource }) => resource?.resourceType)).toEqual([
    'ValueSet',
    'OperationOutcome',
    undefined,
  ])
  const meta = {
    resourceType: 'Parameters',
    parameter: [{ name: 'meta', valueMeta: { tag: [{ code: 'x' }] } }],
  }
  const refused = await transact(
    { ...post(meta), request: { method: 'POST', url: `${pathOf(told.json.entry[2])}/$meta-add` } },
    post(identified('s9')),
  )
  expect([refused.status, refused.json.issue[0].expression]).toEqual([400, ['Bundle.entry[0].request.url']])
  expect(await found('s9')).toEqual([])
})

test('a condition that names another entry is refused, for it could never hold', async () => {
  const told = await transact(
    post(identified('s10'), {}, uuid(10)),
    post(observation(uuid(10)), { ifNoneExist: `subject=${uuid(10)}&code=x` }),
  )
  expect([told.status, told.json.issue[0].expression]).toEqual([400, ['Bundle.entry[1].request']])
  expect(await found('s10')).toEqual([])
})

test.each(['?', 'Patient?', 'https://api.example.org/fhir/Patient?'])(
  '`If-None-Exist` may begin with %s',
  async (beginning) => {
    await ask('PUT', '/Patient/s11', { body: identified('s11', { id: 's11' }) })
    const headers = { 'If-None-Exist': `${beginning}identifier=urn:mrn|s11` }
    const told = await ask('POST', '/Patient', { body: identified('s11'), headers })
    expect([told.status, told.json.id]).toEqual([200, 's11'])
  },
)

test('an id that is not the one that a condition matches is told at its place', async () => {
  await ask('PUT', '/Patient/s12', { body: identified('s12', { id: 's12' }) })
  const told = await transact(put(identified('s12', { id: 'other' }), 'Patient?identifier=urn:mrn|s12'))
  expect([told.status, told.json.issue[0].expression]).toEqual([400, ['Bundle.entry[0].resource.id']])
})

test('a parameter that a Bundle does not have is refused', async () => {
  const body = { resourceType: 'Bundle', type: 'batch' }
  expect((await ask('POST', '/?colour=red', { body })).status).toBe(400)
  expect((await ask('POST', '/?_pretty=true', { body })).status).toBe(200)
})

test('a history is done again from its oldest version on, under the ids that it has', async () => {
  const entry = (minute: number, request: object, resource?: Resource) => ({
    fullUrl: `https://elsewhere.org/fhir/Patient/${minute}`,
    ...(resource && { resource }),
    request,
    response: { status: '200', lastModified: `2026-01-01T00:0${minute}:00Z` },
  })
  const creation = { method: 'POST', url: 'Patient' }
  const body = {
    resourceType: 'Bundle',
    type: 'history',
    entry: [
      entry(4, { method: 'DELETE', url: 'Patient/h2' }),
      entry(
        3,
        { method: 'PUT', url: 'Patient/h1', ifMatch: 'W/"1"' },
        identified('h', { id: 'h1', active: true }),
      ),
      entry(
        2,
        creation,
        identified('h', { id: 'h2', link: [{ type: 'seealso', other: { reference: 'Patient/h1' } }] }),
      ),
      entry(1, creation, identified('h', { id: 'h1' })),
      entry(1, creation, identified('h')),
    ],
  }
  const told = await ask('POST', '/', { body })
  expect([told.json.type, statuses(told)]).toEqual(['batch-response', ['204', '200', '201', '201', '400']])
  const { headers, json } = await ask('GET', '/Patient/h1')
  expect([headers.ETag, json.active]).toEqual(['W/"2"', true])
  expect((await ask('GET', '/Patient/h2')).status).toBe(410)
})

test.each(['_sort=name', '_include=Patient:organization', '_count=1'])(
  'a condition takes no %s, which says what to return',
  async (parameter) => {
    const criteria = `identifier=urn:mrn|s13&${parameter}`
    const single = await ask('PUT', `/Patient?${criteria}`, { body: identified('s13') })
    const create = await transact(post(identified('s13'), { ifNoneExist: criteria }))
    const refer = await transact(post(observation(`Patient?${criteria}`)))
    expect([single.status, create.status, refer.status]).toEqual([400, 400, 400])
  },
)

test.each(['.', '..'])('an id that is a step in addresses is refused: %s', async (id) => {
  const told = await transact(put(identified('s14', { id })))
  expect([told.status, told.json.issue[0].expression]).toEqual([400, ['Bundle.entry[0].request.url']])
  expect((await transact(put(identified('s14', { id }), 'Patient?identifier=urn:mrn|s14'))).status).toBe(400)
})
