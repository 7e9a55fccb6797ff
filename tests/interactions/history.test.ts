import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

describe('one resource’s history', () => {
  const at = async (id: string, query: string) =>
    (await ask('GET', `/Basic/${id}/_history?${query}`)).json.entry?.map(
      ({ response }: { response: { etag: string } }) => response.etag,
    )

  test('tells what was current at a time, and in either order', async () => {
    const times: string[] = []
    for (const text of ['a', 'b', 'c']) {
      const { json } = await ask('PUT', '/Basic/h', {
        body: { resourceType: 'Basic', id: 'h', code: { text } },
      })
      times.push(json.meta.lastUpdated)
    }
    const [first = '', second = '', third = ''] = times
    expect(await at('h', `_at=${second}`)).toEqual(['W/"2"'])
    expect(await at('h', `_at=${first.slice(0, 4)}`)).toEqual(['W/"3"', 'W/"2"', 'W/"1"'])
    expect(await at('h', `_at=${third}&_sort=_lastUpdated`)).toEqual(['W/"3"'])
    expect(await at('h', '_at=1999')).toBeUndefined()
    expect(await at('h', '_sort=_lastUpdated')).toEqual(['W/"1"', 'W/"2"', 'W/"3"'])
    expect(await at('h', '_sort=-_lastUpdated')).toEqual(['W/"3"', 'W/"2"', 'W/"1"'])
  })

  test('pages oldest first', async () => {
    const { json } = await ask('GET', '/Basic/h/_history?_sort=_lastUpdated&_count=2')
    expect(json.entry).toHaveLength(2)
    const next = json.link.find(({ relation }: { relation: string }) => relation === 'next').url
    const following = await ask('GET', new URL(next).pathname.replace('/fhir', '') + new URL(next).search)
    expect(following.json.entry.map(({ response }: { response: { etag: string } }) => response.etag)).toEqual(
      ['W/"3"'],
    )
  })

  test.each([
    ['/Basic/h/_history?_at=yesterday', 400],
    ['/Basic/h/_history?_sort=code', 400],
    ['/Basic/_history?_at=2020', 501],
    ['/_history?_sort=_lastUpdated', 501],
  ])('%s is answered with %i', async (target, status) => {
    expect((await ask('GET', target)).status).toBe(status)
  })
})
