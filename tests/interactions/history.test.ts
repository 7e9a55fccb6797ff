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
  await server.engines.strict.settled()
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
  ['_count=2&_count=3', 'invalid'],
  ['_since=2020-01-01T00:00:00Z&_since=2021-01-01T00:00:00Z', 'invalid'],
  ['colour=red', 'unknown-parameter'],
])('refuses %s', async (query, kind) => {
  const { status, json } = await ask('GET', `/Patient/_history?${query}`)
  expect([status, json.issue[0].details.coding[0].code]).toEqual([400, kind])
})

test('knows no history of what never was', async () => {
  expect((await ask('GET', '/Patient/nobody/_history')).status).toBe(404)
})

/** Every entry of a history, from page to page: `Patient/1 W/"2"`. */
const followed = async (target: string): Promise<string[]> => {
  const { json } = await ask('GET', target)
  const next = json.link.find(({ relation }: { relation: string }) => relation === 'next')?.url
  const entries = (json.entry ?? []).map(
    ({ fullUrl, response }: { fullUrl: string; response: { etag: string } }) =>
      `${fullUrl.slice(base.length + 1)} ${response.etag}`,
  )
  return next === undefined ? entries : [...entries, ...(await followed(next.slice(base.length)))]
}

describe('the history of a type and of the system', () => {
  const times: string[] = []
  const change = async (id: string, text: string) => {
    const body = {
      resourceType: 'Flag',
      id,
      status: 'active',
      code: { text },
      subject: { reference: 'Patient/bob' },
    }
    const { headers, json } = await ask('PUT', `/Flag/${id}`, { body })
    times.push(json?.meta?.lastUpdated ?? headers['Last-Modified'])
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const all = ['Flag/b W/"2"', 'Flag/a W/"3"', 'Flag/b W/"1"', 'Flag/a W/"2"', 'Flag/a W/"1"']
  beforeAll(async () => {
    for (const [id = '', text = ''] of ['a 1', 'a 2', 'b 1', 'a 3', 'b 2'].map((each) => each.split(' ')))
      await change(id, text)
    await server.engines.strict.settled()
  })

  test.each([1, 2, 5, 100])('comes in either order, in pages of %i', async (count) => {
    const oldest = all.toReversed()
    expect(await followed(`/Flag/_history?_count=${count}`)).toEqual(all)
    expect(await followed(`/Flag/_history?_sort=_lastUpdated&_count=${count}`)).toEqual(oldest)
    const system = await followed(`/_history?_sort=_lastUpdated&_count=${count}`)
    expect(system.filter((line) => line.startsWith('Flag'))).toEqual(oldest)
    expect(system).toEqual((await followed('/_history')).toReversed())
  })

  test.each([1, 3, 100])('tells what was current at a time, in pages of %i', async (count) => {
    const [a1 = '', , b1 = '', a3 = '', b2 = ''] = times
    const flags = async (query: string) =>
      (await followed(`/_history?${query}&_count=${count}`)).filter((line) => line.startsWith('Flag'))
    const at = (time: string) => followed(`/Flag/_history?_at=${encodeURIComponent(time)}&_count=${count}`)
    expect(await at(a1)).toEqual(['Flag/a W/"1"'])
    expect(await at(b1)).toEqual(['Flag/b W/"1"', 'Flag/a W/"2"'])
    expect(await at(a3)).toEqual(['Flag/a W/"3"', 'Flag/b W/"1"'])
    expect(await flags(`_at=${b2}`)).toEqual(['Flag/b W/"2"', 'Flag/a W/"3"'])
    expect(await flags(`_at=${b2}&_sort=_lastUpdated`)).toEqual(['Flag/a W/"3"', 'Flag/b W/"2"'])
    expect(await at(a1.slice(0, 10))).toEqual(all)
    expect(await flags('_at=1999')).toEqual([])
    expect(await followed(`/Flag/_history?_at=${b1}&_since=${b1}`)).toEqual(['Flag/b W/"1"'])
  })
})

describe('a history of what a List refers to', () => {
  beforeAll(async () => {
    for (const id of ['x', 'y', 'z'])
      for (const text of ['1', '2'])
        await ask('PUT', `/Basic/${id}`, { body: { resourceType: 'Basic', id, code: { text } } })
    const items = [
      'Basic/x',
      `${base}/Basic/y/_history/1`,
      'Patient/bob',
      'http://elsewhere.org/fhir/Basic/z',
    ]
    await ask('PUT', '/List/l', {
      body: {
        resourceType: 'List',
        id: 'l',
        status: 'current',
        mode: 'working',
        entry: items.map((reference) => ({ item: { reference } })),
      },
    })
    await server.engines.strict.settled()
  })

  test.each([1, 100])('has its resources, or the version it names, in pages of %i', async (count) => {
    const all = ['Basic/y W/"1"', 'Basic/x W/"2"', 'Basic/x W/"1"']
    expect(await followed(`/Basic/_history?_list=l&_count=${count}`)).toEqual(all)
    expect(await followed(`/_history?_list=l&_sort=_lastUpdated&_count=${count}`)).toEqual([
      'Patient/bob W/"1"',
      ...all.toReversed(),
    ])
    expect(await followed(`/Basic/x/_history?_list=l&_count=${count}`)).toEqual(all.slice(1))
    expect(await followed(`/Basic/z/_history?_list=l&_count=${count}`)).toEqual([])
  })

  test('is not found where the List is not', async () => {
    expect((await ask('GET', '/Basic/_history?_list=none')).status).toBe(404)
  })
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

  test('pages what was current at a time, in either order', async () => {
    for (const [sort, tags] of [
      ['-_lastUpdated', ['W/"3"', 'W/"2"', 'W/"1"']],
      ['_lastUpdated', ['W/"1"', 'W/"2"', 'W/"3"']],
    ] as const)
      expect(
        await followed(`/Basic/h/_history?_at=${new Date().getUTCFullYear()}&_count=2&_sort=${sort}`),
      ).toEqual(tags.map((tag) => `Basic/h ${tag}`))
  })

  test.each([
    ['/Basic/h/_history?_at=yesterday', 400],
    ['/Basic/h/_history?_sort=code', 400],
    ['/Basic/_history?_at=then', 400],
    ['/_history?_sort=date', 400],
    ['/_history?_cursor=3', 400],
    ['/Basic/_history?_summary=count', 400],
    ['/Basic/h/_history?_cursor=2026-01-01T00:00:00.000Z|h|1', 400],
  ])('%s is answered with %i', async (target, status) => {
    expect((await ask('GET', target)).status).toBe(status)
  })
})
