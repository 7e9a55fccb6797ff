import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
const base = 'https://api.example.org/fhir'
const put = (id: string, gender: string) =>
  ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, gender } })

beforeAll(async () => {
  server = await startServer()
  await put('ann', 'female')
  await put('bob', 'male')
  await put('ann', 'other')
  await ask('DELETE', '/Patient/ann')
  await ask('POST', '/Group', { body: { resourceType: 'Group', type: 'person', actual: true } })
})
afterAll(() => server?.stop())

type Entry = {
  request: { method: string; url: string }
  response: { status: string; etag: string }
  resource?: unknown
}
const told = (entries: Entry[]) =>
  entries.map(({ request, response }) => [request.method, request.url, response.etag])

test('tells the versions of an instance, newest first, a deletion without a resource', async () => {
  const { status, json } = await ask('GET', '/Patient/ann/_history')
  expect([status, json.type, json.total]).toEqual([200, 'history', 3])
  expect(told(json.entry)).toEqual([
    ['DELETE', 'Patient/ann', 'W/"3"'],
    ['PUT', 'Patient/ann', 'W/"2"'],
    ['PUT', 'Patient/ann', 'W/"1"'],
  ])
  expect(json.entry[0].resource).toBeUndefined()
  expect(json.entry.map(({ response }: Entry) => response.status)).toEqual([
    '204 No Content',
    '200 OK',
    '201 Created',
  ])
})

test('tells the versions of a type and of everything', async () => {
  const type = await ask('GET', '/Patient/_history')
  expect(told(type.json.entry).map(([, url]) => url)).toEqual([
    'Patient/ann',
    'Patient/ann',
    'Patient/bob',
    'Patient/ann',
  ])
  const system = await ask('GET', '/_history')
  expect(told(system.json.entry)[0]?.slice(0, 2)).toEqual(['POST', 'Group'])
  expect(system.json.entry.length).toBe(5)
})

test('leads through pages', async () => {
  const first = await ask('GET', '/Patient/_history?_count=3')
  expect(first.json.entry.length).toBe(3)
  const next = first.json.link.find(({ relation }: { relation: string }) => relation === 'next').url
  const second = await ask('GET', next.slice(base.length))
  expect(told(second.json.entry)).toEqual([['PUT', 'Patient/ann', 'W/"1"']])
})

test('tells only what happened since', async () => {
  const whole = await ask('GET', '/Patient/ann/_history')
  const since = whole.json.entry[1].response.lastModified
  const { json } = await ask('GET', `/Patient/ann/_history?_since=${encodeURIComponent(since)}`)
  expect(json.entry.length).toBe(2)
})

test.each([
  ['_count=none', 'invalid'],
  ['_since=yesterday', 'invalid'],
  ['colour=red', 'unknown-parameter'],
])('refuses %s', async (query, kind) => {
  const { status, json } = await ask('GET', `/Patient/_history?${query}`)
  expect([status, json.issue[0].details.coding[0].code]).toEqual([400, kind])
})

test('knows no history of what never was', async () => {
  expect((await ask('GET', '/Patient/nobody/_history')).status).toBe(404)
})
