import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
  await ask('PUT', '/Practitioner/dr', { body: { resourceType: 'Practitioner', id: 'dr' } })
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)

const stated = {
  resourceType: 'Provenance',
  recorded: '2026-02-01T08:00:00.000+01:00',
  agent: [{ who: { reference: 'Practitioner/dr' } }],
  extension: [{ url: 'urn:weight', valueDecimal: 1 }],
}
const text = JSON.stringify(stated).replace('"valueDecimal":1', '"valueDecimal":1.00')
const header = { 'X-Provenance': text }
const patient = (id: string, more: object = {}) => ({ resourceType: 'Patient', id, ...more })

/** The Provenances of a resource, each with the version it is about, oldest first. */
const accounts = async (path: string): Promise<string[]> => {
  const { json } = await ask('GET', `/Provenance?target=${path}`)
  const entries: { resource: { target: { reference: string }[] } }[] = json.entry ?? []
  return entries.flatMap(({ resource }) => resource.target.map(({ reference }) => reference)).sort()
}

test('is stored beside each change, about the version that the change made', async () => {
  const put = (more: object) => ask('PUT', '/Patient/p1', { body: patient('p1', more), headers: header })
  expect((await put({})).status).toBe(201)
  expect((await put({ gender: 'male' })).status).toBe(200)
  const patched = await ask('PATCH', '/Patient/p1', {
    body: [{ op: 'replace', path: '/gender', value: 'other' }],
    headers: { ...header, 'Content-Type': 'application/json-patch+json' },
  })
  expect(patched.status).toBe(200)
  expect(await accounts('Patient/p1')).toEqual([
    'Patient/p1/_history/1',
    'Patient/p1/_history/2',
    'Patient/p1/_history/3',
  ])
})

test('keeps every digit, and gets an id and a version of its own', async () => {
  const { json } = await ask('POST', '/Patient', { body: patient('x'), headers: header })
  const found = await ask('GET', `/Provenance?target=Patient/${json.id}`)
  expect(found.text).toContain('"valueDecimal":1.00')
  expect(found.json.entry[0].resource).toMatchObject({
    ...stated,
    id: expect.stringMatching(/.{36}/),
    meta: { versionId: '1' },
    target: [{ reference: `Patient/${json.id}/_history/1` }],
  })
})

test('goes with conditional changes, and is not stored where nothing was changed', async () => {
  const identifier = [{ system: 'urn:mrn', value: 'c1' }]
  const body = { resourceType: 'Patient', identifier }
  const condition = { ...header, 'If-None-Exist': 'identifier=urn:mrn|c1' }
  const created = await ask('POST', '/Patient', { body, headers: condition })
  expect((await ask('POST', '/Patient', { body, headers: condition })).status).toBe(200)
  const path = `Patient/${created.json.id}`
  expect(await accounts(path)).toEqual([`${path}/_history/1`])
  const update = (more: object) =>
    ask('PUT', '/Patient?identifier=urn:mrn|c1', { body: { ...body, ...more }, headers: header })
  expect([(await update({ active: true })).status, (await update({ active: true })).status]).toEqual([
    200, 200,
  ])
  expect(await accounts(path)).toEqual([`${path}/_history/1`, `${path}/_history/2`])
})

test('is stored once under an Idempotency-Key, which tells another Provenance apart', async () => {
  const keyed = { ...header, 'Idempotency-Key': 'provenance-1' }
  const send = (headers: Record<string, string>) => ask('POST', '/Basic', { body: basic, headers })
  const basic = { resourceType: 'Basic', code: { text: 'x' } }
  const first = await send(keyed)
  expect((await send(keyed)).json.id).toBe(first.json.id)
  expect(await accounts(`Basic/${first.json.id}`)).toHaveLength(1)
  expect((await send({ ...keyed, 'X-Provenance': text.replace('08:00', '09:00') })).status).toBe(409)
})

describe('that is wrong changes nothing and names the header:', () => {
  test.each([
    ['no JSON', '{nonsense', 400, 'not a Provenance in JSON'],
    ['another type', JSON.stringify({ resourceType: 'Basic', code: {} }), 400, 'X-Provenance'],
    ['no agent', JSON.stringify({ ...stated, agent: undefined }), 400, 'X-Provenance'],
    [
      'a target',
      JSON.stringify({ ...stated, target: [{ reference: 'Patient/1' }] }),
      400,
      'leave `target` out',
    ],
    ['letters beyond ASCII', JSON.stringify({ ...stated, language: 'fränkisch' }), 400, 'ASCII'],
    ['too long', `${text}${' '.repeat(8192)}`, 400, 'at most 8192'],
  ])('%s', async (_, value, status, words) => {
    const told = await ask('PUT', '/Patient/wrong', {
      body: patient('wrong'),
      headers: { 'X-Provenance': value },
    })
    expect([told.status, told.json.issue[0].diagnostics]).toEqual([status, expect.stringContaining(words)])
    expect(told.text).toContain('X-Provenance')
    expect((await ask('GET', '/Patient/wrong')).status).toBe(404)
  })

  test('a principal who may not create', async () => {
    const told = await ask('PUT', '/Patient/wrong', {
      body: patient('wrong'),
      headers: header,
      groups: 'viewer',
    })
    expect(told.status).toBe(403)
  })
})

test.each([
  ['POST', '/', { resourceType: 'Bundle', type: 'transaction' }],
  ['DELETE', '/Patient/p1', undefined],
  ['GET', '/Patient/p1', undefined],
  ['POST', '/Patient/$validate', patient('p1')],
])('is refused where nothing heeds it: %s %s', async (method, target, body) => {
  const told = await ask(method, target, { ...(body && { body }), headers: header })
  expect([told.status, told.json.issue[0].diagnostics]).toEqual([
    400,
    expect.stringContaining('X-Provenance'),
  ])
})
