import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
const observation =
  '{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00}}'
const identified = observation.replace('"code"', '"identifier":[{"value":"1"},{"value":"2"}],"code"')
const set = (id: string) => ask('PUT', `/Observation/${id}`, { body: identified.replace('"o"', `"${id}"`) })
const headers = { 'Content-Type': 'application/json-patch+json' }
const patch = (id: string, body: unknown, more = {}) =>
  ask('PATCH', `/Observation/${id}`, { body, headers: { ...headers, ...more } })

test('changes what the patch says, and keeps every other digit', async () => {
  await set('a')
  const told = await patch(
    'a',
    '[{"op":"add","path":"/valueQuantity/unit","value":"kg"},{"op":"add","path":"/referenceRange","value":[{"low":{"value":2.50}}]}]',
  )
  expect([told.status, told.headers.ETag, told.json.valueQuantity.unit]).toEqual([200, 'W/"2"', 'kg'])
  expect(told.text).toContain('"value":1.00')
  expect(told.text).toContain('"value":2.50')
})

test.each([
  ['tests another value', [{ op: 'test', path: '/status', value: 'amended' }], 422, 'Operation 0'],
  [
    'removes what is not there',
    [
      { op: 'test', path: '/status', value: 'final' },
      { op: 'remove', path: '/issued' },
    ],
    422,
    'Operation 1',
  ],
  ['makes the resource invalid', [{ op: 'add', path: '/colour', value: 'red' }], 400, 'colour'],
  ['changes the id', [{ op: 'replace', path: '/id', value: 'other' }], 400, 'other'],
  ['replaces the end of a list', [{ op: 'replace', path: '/identifier/-', value: {} }], 422, 'Operation 0'],
  ['goes into a text', [{ op: 'add', path: '/status/0', value: 'x' }], 422, 'Operation 0'],
  [
    'names what lists have in JavaScript',
    [{ op: 'replace', path: '/identifier/length', value: 0 }],
    422,
    'length',
  ],
  [
    'names what objects have in JavaScript',
    [{ op: 'add', path: '/__proto__/status', value: 'x' }],
    422,
    'proto',
  ],
  [
    'moves into itself',
    [{ op: 'move', from: '/identifier/0', path: '/identifier/0/assigner' }],
    422,
    'itself',
  ],
  ['tests without a value', [{ op: 'test', path: '/issued' }], 400, '`value`'],
  ['has a path that does not begin with a slash', [{ op: 'remove', path: 'status' }], 400, '`path`'],
  ['has an escape that is none', [{ op: 'remove', path: '/a~2b' }], 400, '`path`'],
  ['makes it nothing', [{ op: 'replace', path: '', value: null }], 400, 'resource'],
  ['knows no operation', [{ op: 'paint', path: '/status' }], 400, 'Operation 0'],
  ['is no list', { op: 'remove', path: '/status' }, 400, 'array'],
])('changes nothing where the patch %s', async (_, operations, status, words) => {
  await set('b')
  const told = await patch('b', operations)
  expect([told.status, told.json.issue[0].diagnostics.includes(words)]).toEqual([status, true])
  expect((await ask('GET', '/Observation/b')).headers.ETag).toBe('W/"1"')
})

test.each([
  ['doubles what it copies', '/identifier', '/identifier/-', 413],
  ['copies the whole into itself', '', '/a', 400],
])('is refused where it %s', async (_, from, path, status) => {
  await set('e')
  const told = await patch('e', Array(100).fill({ op: 'copy', from, path }))
  expect(told.status).toBe(status)
})

test('tests numbers by their value, replaces the whole, and takes a list away with its last item', async () => {
  await set('d')
  const told = await patch(
    'd',
    '[{"op":"test","path":"/valueQuantity/value","value":1},{"op":"remove","path":"/identifier/0"},{"op":"remove","path":"/identifier/0"}]',
  )
  expect([told.status, 'identifier' in told.json]).toEqual([200, false])
  const whole = { ...JSON.parse(observation), id: 'd', status: 'amended' }
  const { json } = await patch('d', [{ op: 'replace', path: '', value: whole }])
  expect(json.status).toBe('amended')
})

test('asks for the version, the existence and the format', async () => {
  await set('c')
  const operations = [{ op: 'replace', path: '/status', value: 'amended' }]
  expect((await patch('c', operations, { 'If-Match': 'W/"9"' })).status).toBe(412)
  expect((await patch('nobody', operations)).status).toBe(404)
  expect((await patch('c', operations, { 'Content-Type': 'application/xml' })).status).toBe(415)
})

test('patches by condition, and tells where nothing matches', async () => {
  await ask('PUT', '/Patient/p', {
    body: { resourceType: 'Patient', id: 'p', identifier: [{ value: 'p1' }] },
  })
  const asking = { body: [{ op: 'add', path: '/gender', value: 'male' }], headers }
  expect((await ask('PATCH', '/Patient?identifier=p1', asking)).json.gender).toBe('male')
  expect((await ask('PATCH', '/Patient?identifier=p2', asking)).status).toBe(404)
})

test.each([['transaction'], ['batch']])('patches in a %s', async (type) => {
  await set(type)
  const data = Buffer.from('[{"op":"replace","path":"/status","value":"amended"}]').toString('base64')
  const resource = { resourceType: 'Binary', contentType: 'application/json-patch+json', data }
  const entry = [{ resource, request: { method: 'PATCH', url: `Observation/${type}` } }]
  const told = await ask('POST', '/', { body: { resourceType: 'Bundle', type, entry } })
  expect(told.json.entry[0].response).toMatchObject({ status: '200 OK', etag: 'W/"2"' })
  expect((await ask('GET', `/Observation/${type}`)).json.status).toBe('amended')
})

test('loses none of ten parallel patches', async () => {
  await set('race')
  await patch('race', [
    { op: 'add', path: '/note', value: [] },
    { op: 'add', path: '/note/-', value: { text: 'first' } },
  ])
  const told = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      patch('race', [{ op: 'add', path: '/note/-', value: { text: `n${i}` } }]),
    ),
  )
  expect(told.map(({ status }) => status)).toEqual(Array(10).fill(200))
  const { json, headers: read } = await ask('GET', '/Observation/race')
  expect([json.note.length, read.ETag]).toEqual([11, 'W/"12"'])
})

const parameters = (type: string, path: string, ...parts: unknown[]) => ({
  resourceType: 'Parameters',
  parameter: [
    {
      name: 'operation',
      part: [{ name: 'type', valueCode: type }, { name: 'path', valueString: path }, ...parts],
    },
  ],
})
const amended = parameters('replace', 'Observation.status', { name: 'value', valueCode: 'amended' })

test('takes a FHIRPath Patch, in JSON and in XML', async () => {
  await set('f')
  const json = { 'Content-Type': 'application/fhir+json' }
  const told = await ask('PATCH', '/Observation/f', { headers: json, body: amended })
  expect([told.status, told.json.status]).toEqual([200, 'amended'])
  expect(told.text).toContain('"value":1.00')
  const body =
    '<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/><part><name value="type"/><valueCode value="replace"/></part><part><name value="path"/><valueString value="Observation.status"/></part><part><name value="value"/><valueCode value="corrected"/></part></parameter></Parameters>'
  const xml = await ask('PATCH', '/Observation/f', {
    headers: { 'Content-Type': 'application/fhir+xml' },
    body,
  })
  expect([xml.status, xml.json.status]).toEqual([200, 'corrected'])
})

test('a FHIRPath Patch that does not apply changes nothing and names the operation', async () => {
  await set('g')
  const told = await ask('PATCH', '/Observation/g', {
    body: parameters('replace', 'Observation.issued', {
      name: 'value',
      valueInstant: '2020-01-01T00:00:00Z',
    }),
  })
  expect(told.status).toBe(422)
  expect(told.json.issue[0]).toMatchObject({ expression: ['Parameters.parameter[0]'] })
  expect((await ask('GET', '/Observation/g')).headers.ETag).toBe('W/"1"')
})

test.each(['batch', 'transaction'])('a %s takes a FHIRPath Patch as Parameters', async (type) => {
  await set(`h-${type}`)
  const entry = [{ resource: amended, request: { method: 'PATCH', url: `Observation/h-${type}` } }]
  const { json } = await ask('POST', '/', { body: { resourceType: 'Bundle', type, entry } })
  expect(json.entry[0].response.status).toBe('200 OK')
  expect((await ask('GET', `/Observation/h-${type}`)).json.status).toBe('amended')
})

test.each([
  [
    'goes with what it was generated from',
    'generated',
    { op: 'replace', path: '/status', value: 'amended' },
    false,
  ],
  ['stays where it tells more', 'additional', { op: 'replace', path: '/status', value: 'amended' }, true],
  [
    'stays where nothing that it tells is changed',
    'generated',
    { op: 'add', path: '/meta/tag', value: [{ code: 'x' }] },
    true,
  ],
  [
    'stays where the patch brings a new one',
    'generated',
    { op: 'replace', path: '/text/div', value: '<div xmlns="http://www.w3.org/1999/xhtml">new</div>' },
    true,
  ],
])('a narrative %s', async (_, status, operation, stays) => {
  const text = { status, div: '<div xmlns="http://www.w3.org/1999/xhtml">final</div>' }
  await ask('PUT', '/Observation/n', { body: { ...JSON.parse(observation), id: 'n', text } })
  const { json } = await patch('n', [operation, { op: 'test', path: '/text/status', value: status }])
  expect('text' in json).toBe(stays)
})
