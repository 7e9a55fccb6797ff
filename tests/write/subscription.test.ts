import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)

const reason = 'This server stores Subscriptions but does not deliver notifications.'
const undelivered = { status: 'error', error: reason }

const subscription = (id: string, status = 'requested') =>
  `{ "resourceType":"Subscription", "id":"${id}",\n "status" : "${status}", "reason":"1.00", "criteria":"Observation?code=x", "channel":{"type":"rest-hook","endpoint":"https://example.org/hook"} }`
const set = (id: string, status?: string) =>
  ask('PUT', `/Subscription/${id}`, { body: subscription(id, status) })
const stored = async (id: string) => (await ask('GET', `/Subscription/${id}`)).json

test.each(['requested', 'active', 'error'])(
  'answers and stores a created one that is %s as failed',
  async (status) => {
    const { status: code, json } = await ask('POST', '/Subscription', { body: subscription('x', status) })
    expect([code, json.status, json.error]).toEqual([201, 'error', reason])
    expect(await stored(json.id)).toMatchObject(undelivered)
  },
)

test('keeps every other byte, and the extensions of the status', async () => {
  const sent = subscription('bytes').replace('"reason"', '"_status":{"id":"s"}, "reason"')
  await ask('PUT', '/Subscription/bytes', { body: sent })
  const { text, json } = await ask('GET', '/Subscription/bytes')
  expect(text).toContain(
    ',\n "status" : "error", "_status":{"id":"s"}, "reason":"1.00", "criteria":"Observation?code=x", "channel":{"type":"rest-hook","endpoint":"https://example.org/hook"} }',
  )
  expect(json.error).toBe(reason)
})

test('replaces the error that a client states', async () => {
  const sent = subscription('own', 'active').replace('"reason"', '"error":"none at all", "reason"')
  const { json } = await ask('PUT', '/Subscription/own', { body: sent })
  expect(json).toMatchObject(undelivered)
})

test('makes no version of what was sent before, or of what was read', async () => {
  const first = await set('again')
  const repeated = await set('again')
  const readBack = await ask('PUT', '/Subscription/again', { body: first.text })
  expect([first, repeated, readBack].map(({ headers }) => headers.ETag)).toEqual(['W/"1"', 'W/"1"', 'W/"1"'])
})

test('leaves one that is off as it was sent', async () => {
  const { json } = await set('off', 'off')
  expect([json.status, json.error]).toEqual(['off', undefined])
  expect((await ask('GET', '/Subscription/off')).text).toContain('"status" : "off"')
})

test('finds it by the status that is stored', async () => {
  await set('found')
  const ids = async (status: string) =>
    ((await ask('GET', `/Subscription?status=${status}&_id=found`)).json.entry ?? []).length
  expect([await ids('error'), await ids('requested')]).toEqual([1, 0])
})

const fhirPath = {
  resourceType: 'Parameters',
  parameter: [
    {
      name: 'operation',
      part: [
        { name: 'type', valueCode: 'replace' },
        { name: 'path', valueString: 'Subscription.status' },
        { name: 'value', valueCode: 'active' },
      ],
    },
  ],
}
test.each([
  ['application/json-patch+json', [{ op: 'replace', path: '/status', value: 'active' }]],
  ['application/fhir+json', fhirPath],
  [
    'application/xml-patch+xml',
    '<diff xmlns:f="http://hl7.org/fhir"><replace sel="f:Subscription/f:status/@value">active</replace></diff>',
  ],
])('states it after a patch of %s that switches one on', async (type, body) => {
  const id = `p${type.length}`
  await set(id, 'off')
  const { status, json } = await ask('PATCH', `/Subscription/${id}`, {
    body,
    headers: { 'Content-Type': type },
  })
  expect([status, json.status, json.error]).toEqual([200, 'error', reason])
  expect(await stored(id)).toMatchObject(undelivered)
})

test('states it after conditional writes', async () => {
  const body = subscription('c').replace('"id":"c",', '').replace('/hook"', '/conditional"')
  const criteria = 'url=https%3A%2F%2Fexample.org%2Fconditional'
  const updated = await ask('PUT', `/Subscription?${criteria}`, { body })
  expect([updated.status, updated.json.status]).toEqual([201, 'error'])
  const again = await ask('POST', '/Subscription', {
    body,
    headers: { 'If-None-Exist': criteria },
  })
  expect([again.status, again.json.id, again.json.error]).toEqual([200, updated.json.id, reason])
})

test.each(['transaction', 'batch'])('states it in a %s', async (type) => {
  const entry = [
    { resource: JSON.parse(subscription(type)), request: { method: 'PUT', url: `Subscription/${type}` } },
    { resource: JSON.parse(subscription('x')), request: { method: 'POST', url: 'Subscription' } },
  ]
  const { json } = await ask('POST', '', {
    body: { resourceType: 'Bundle', type, entry },
    headers: { Prefer: 'return=representation' },
  })
  expect(json.entry).toHaveLength(2)
  for (const { resource } of json.entry) expect(resource).toMatchObject(undelivered)
  expect(await stored(type)).toMatchObject(undelivered)
})

test('takes meta operations', async () => {
  await set('meta')
  const meta = { tag: [{ system: 'urn:t', code: 'x' }] }
  const { status } = await ask('POST', '/Subscription/meta/$meta-add', {
    body: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: meta }] },
  })
  expect(status).toBe(200)
  const json = await stored('meta')
  expect(json).toMatchObject({ ...undelivered, meta })
})

test('is warned of by $validate where it asks for delivery, and refused by neither', async () => {
  const issues = async (status: string) =>
    (await ask('POST', '/Subscription/$validate', { body: subscription('v', status) })).json.issue
  expect(await issues('requested')).toContainEqual(
    expect.objectContaining({ severity: 'warning', expression: ['Subscription.status'] }),
  )
  expect(JSON.stringify(await issues('off'))).not.toContain('deliver')
  expect(JSON.stringify(await issues('requested'))).not.toContain('"severity":"error"')
})

test('refuses a status that R4 does not know', async () => {
  expect((await set('bad', 'paused')).status).toBe(400)
})
