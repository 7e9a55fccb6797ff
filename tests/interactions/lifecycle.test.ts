import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const { ask } = { ask: (...asking: Parameters<Server['ask']>) => server.ask(...asking) }

const patient = { resourceType: 'Patient', name: [{ family: 'Doe' }] }
const base = 'https://api.example.org/fhir'

test('creates, and says where it is', async () => {
  const told = await ask('POST', '/Patient', { body: patient })
  expect(told.status).toBe(201)
  const { id, meta } = told.json
  expect(told.headers).toMatchObject({
    ETag: 'W/"1"',
    Location: `${base}/Patient/${id}/_history/1`,
    'Content-Location': `${base}/Patient/${id}/_history/1`,
    'Last-Modified': new Date(meta.lastUpdated).toUTCString(),
    'Content-Type': 'application/fhir+json; charset=utf-8',
  })
  expect(meta.versionId).toBe('1')
  const read = await ask('GET', `/Patient/${id}`)
  expect(read.text).toBe(told.text)
  expect(read.headers.ETag).toBe('W/"1"')
})

test('keeps digits, order and white space as they came', async () => {
  const text =
    '{ "resourceType":"Observation",\n "status":"final", "code":{"text":"x"}, "valueQuantity":{"value":1.00}}'
  const { json } = await ask('POST', '/Observation', { body: text })
  const read = await ask('GET', `/Observation/${json.id}`)
  expect(read.text).toContain('\n "status":"final", "code":{"text":"x"}, "valueQuantity":{"value":1.00}}')
})

test('updates, counts versions and reads each of them', async () => {
  const first = await ask('PUT', '/Patient/ann', { body: { ...patient, id: 'ann' } })
  expect(first.status).toBe(201)
  const second = await ask('PUT', '/Patient/ann', { body: { ...patient, id: 'ann', gender: 'female' } })
  expect([second.status, second.headers.ETag]).toEqual([200, 'W/"2"'])
  const past = await ask('GET', '/Patient/ann/_history/1')
  expect([past.status, past.json.gender, past.headers.ETag]).toEqual([200, undefined, 'W/"1"'])
  expect((await ask('GET', '/Patient/ann/_history/3')).status).toBe(404)
})

test('keeps the version when nothing changes', async () => {
  await ask('PUT', '/Patient/same', { body: { ...patient, id: 'same' } })
  const { text } = await ask('GET', '/Patient/same')
  const again = await ask('PUT', '/Patient/same', { body: JSON.stringify(JSON.parse(text), null, 2) })
  expect([again.status, again.headers.ETag, again.text]).toEqual([200, 'W/"1"', text])
})

test('deletes once, then again, then tells that it is gone, then revives', async () => {
  await ask('PUT', '/Patient/gone', { body: { ...patient, id: 'gone' } })
  const first = await ask('DELETE', '/Patient/gone')
  expect([first.status, first.headers.ETag, first.text]).toEqual([204, 'W/"2"', ''])
  const second = await ask('DELETE', '/Patient/gone')
  expect([second.status, second.headers.ETag]).toEqual([204, 'W/"2"'])
  const read = await ask('GET', '/Patient/gone')
  expect([read.status, read.headers.ETag, read.json.issue[0].code]).toEqual([410, 'W/"2"', 'deleted'])
  expect((await ask('GET', '/Patient/gone/_history/2')).status).toBe(410)
  const revived = await ask('PUT', '/Patient/gone', { body: { ...patient, id: 'gone' } })
  expect([revived.status, revived.headers.ETag]).toEqual([201, 'W/"3"'])
})

test('deletes what never was, without complaint', async () => {
  expect((await ask('DELETE', '/Patient/never')).status).toBe(204)
  expect((await ask('GET', '/Patient/never')).status).toBe(404)
})

test('refuses an update of another version than the one asked for', async () => {
  await ask('PUT', '/Patient/locked', { body: { ...patient, id: 'locked' } })
  const wrong = await ask('PUT', '/Patient/locked', {
    body: { ...patient, id: 'locked', gender: 'male' },
    headers: { 'If-Match': 'W/"7"' },
  })
  expect([wrong.status, wrong.json.issue[0].code]).toEqual([412, 'conflict'])
  expect(wrong.json.issue[0].diagnostics).toContain('is at version 1')
  const right = await ask('PUT', '/Patient/locked', {
    body: { ...patient, id: 'locked', gender: 'male' },
    headers: { 'If-Match': 'W/"1"' },
  })
  expect(right.status).toBe(200)
})

test('creates only where nothing stands with If-None-Match: *', async () => {
  const asking = { body: { ...patient, id: 'only' }, headers: { 'If-None-Match': '*' } }
  expect((await ask('PUT', '/Patient/only', asking)).status).toBe(201)
  expect((await ask('PUT', '/Patient/only', asking)).status).toBe(412)
})

test('spares who already has the version', async () => {
  await ask('PUT', '/Patient/cached', { body: { ...patient, id: 'cached' } })
  const same = await ask('GET', '/Patient/cached', { headers: { 'If-None-Match': 'W/"1"' } })
  expect([same.status, same.text, same.headers.ETag]).toEqual([304, '', 'W/"1"'])
  const other = await ask('GET', '/Patient/cached', { headers: { 'If-None-Match': 'W/"9"' } })
  expect(other.status).toBe(200)
  const { headers } = other
  const since = { 'If-Modified-Since': headers['Last-Modified'] ?? '' }
  expect((await ask('GET', '/Patient/cached', { headers: since })).status).toBe(304)
  const before = { 'If-Modified-Since': 'Mon, 01 Jan 2024 00:00:00 GMT' }
  expect((await ask('GET', '/Patient/cached', { headers: before })).status).toBe(200)
})

test.each([
  ['return=minimal', ''],
  ['return=OperationOutcome', 'OperationOutcome'],
  ['return=representation', 'Patient'],
])('answers a write with Prefer: %s', async (prefer, expected) => {
  const told = await ask('POST', '/Patient', { body: patient, headers: { Prefer: prefer } })
  expect(told.status).toBe(201)
  expect(told.json?.resourceType ?? '').toBe(expected)
  expect(told.headers.Location).toContain(`${base}/Patient/`)
})

test('never skips a version under twenty parallel updates', async () => {
  const tell = (i: number) =>
    ask('PUT', '/Patient/race', { body: { ...patient, id: 'race', name: [{ family: `F${i}` }] } })
  const told = await Promise.all(Array.from({ length: 20 }, (_, i) => tell(i)))
  expect(told.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201])
  const versions = told.map(({ json }) => Number(json.meta.versionId)).sort((a, b) => a - b)
  expect(versions).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  const history = await ask('GET', '/Patient/race/_history?_count=100')
  expect(
    history.json.entry.map(
      (entry: { resource: { meta: { versionId: string } } }) => entry.resource.meta.versionId,
    ),
  ).toEqual(Array.from({ length: 20 }, (_, i) => String(20 - i)))
})

test('loses no update that asks for its version', async () => {
  await ask('PUT', '/Patient/lost', { body: { ...patient, id: 'lost' } })
  const tell = (i: number) =>
    ask('PUT', '/Patient/lost', {
      body: { ...patient, id: 'lost', name: [{ family: `F${i}` }] },
      headers: { 'If-Match': 'W/"1"' },
    })
  const told = await Promise.all(Array.from({ length: 10 }, (_, i) => tell(i)))
  expect(told.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)])
})

describe('a conditional delete', () => {
  const put = (id: string) =>
    ask('PUT', `/Basic/${id}`, { body: { resourceType: 'Basic', id, code: { text: 'several' } } })
  const left = async () => (await ask('GET', '/Basic?code:text=several&_summary=count')).json.total

  test('of several needs to be asked for, and stays within its bound', async () => {
    for (const id of ['s1', 's2', 's3']) await put(id)
    expect((await ask('DELETE', '/Basic?code:text=several')).status).toBe(412)
    expect((await ask('DELETE', '/Basic?code:text=several&_count=2')).status).toBe(412)
    expect(await left()).toBe(3)
    expect((await ask('DELETE', '/Basic?code:text=several&_count=3')).status).toBe(204)
    expect(await left()).toBe(0)
    expect((await ask('DELETE', '/Basic?code:text=several&_count=3')).status).toBe(204)
    expect((await ask('DELETE', '/Basic?code:text=several&_count=0')).status).toBe(400)
  })

  test('of several is one entry of a transaction', async () => {
    for (const id of ['s1', 's2']) await put(id)
    const entry = [
      { request: { method: 'DELETE', url: 'Basic?code:text=several&_count=10' } },
      {
        resource: { resourceType: 'Basic', code: { text: 'one' } },
        request: { method: 'POST', url: 'Basic' },
      },
    ]
    const { json } = await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
    expect(json.entry.map(({ response }: { response: { status: string } }) => response.status)).toEqual([
      '204 No Content',
      '201 Created',
    ])
    expect(await left()).toBe(0)
  })
})
