import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { door } from '../../src/handlers/door/door.ts'
import { software } from '../../src/interactions/metadata/software.ts'
import { openStore } from '../../src/store/dynamo/open.ts'
import { publishedAnnouncementKey } from '../../src/store/keys.ts'
import { type Asking, askDoor, eventOf, type Told } from '../handlers/caller.ts'
import { type Engines, startEngines } from '../store/engines.ts'

let engines: Engines
type Ask = (method: string, target: string, asking?: Asking) => Promise<Told>

/** Returns a process of its own, with a memory of its own. */
const environment = (): Ask => {
  const handler = door({ ...engines, openStore: openStore(engines.place) }, { LOG_LEVEL: 'OFF' })
  return (method, target, asking) => askDoor(handler, eventOf(method, target, asking))
}

let ask: Ask
let other: Ask
beforeAll(async () => {
  engines = await startEngines()
  ask = environment()
  other = environment()
})
afterAll(() => engines?.stop())

const urlOf = (id: string) => `http://example.org/StructureDefinition/${id}`
const profile = (id: string, type: string, more: object = {}) => ({
  resourceType: 'StructureDefinition',
  id,
  url: urlOf(id),
  name: id.replaceAll('-', ''),
  status: 'active',
  kind: 'resource',
  abstract: false,
  type,
  baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}`,
  derivation: 'constraint',
  differential: { element: [{ id: type, path: type }] },
  ...more,
})
const put = async (resource: { id: string }, by = ask) => {
  const told = await by('PUT', `/StructureDefinition/${resource.id}`, { body: resource })
  expect([200, 201], told.text).toContain(told.status)
}

const metadata = (by = ask) => by('GET', '/metadata', { open: true })
const profilesOf = async (type: string, by = ask): Promise<string[]> => {
  const { json } = await metadata(by)
  return json.rest[0].resource.find((each: { type: string }) => each.type === type).supportedProfile ?? []
}

test('without profiles the date is that of the release, and the same in every process', async () => {
  const [here, there] = [await metadata(ask), await metadata(other)]
  expect(here.json).toMatchObject({
    url: `${here.json.implementation.url}/metadata`,
    version: software.version,
    date: software.releaseDate,
    publisher: 'Pilotlight',
    title: expect.stringContaining('FHIR R4'),
  })
  expect(here.json.date).toMatch(/^\d{4}-\d\d-\d\d$/)
  expect(here.headers.ETag).toBe(there.headers.ETag)
})

test('a profile is listed in every process once its write is answered, and no longer once it is deleted', async () => {
  const before = await metadata(other)
  await put(profile('tall', 'Patient'))
  expect([await profilesOf('Patient'), await profilesOf('Patient', other)]).toEqual([
    [urlOf('tall')],
    [urlOf('tall')],
  ])
  const [here, there] = [await metadata(ask), await metadata(other)]
  expect(here.headers.ETag).toBe(there.headers.ETag)
  expect(here.headers.ETag).not.toBe(before.headers.ETag)
  expect(before.json.date).toBe(software.releaseDate)
  expect(here.json.date).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  await other('DELETE', '/StructureDefinition/tall')
  expect([await profilesOf('Patient'), await profilesOf('Patient', other)]).toEqual([[], []])
})

test('in a transaction, by PATCH and in a Bundle’s own entry profiles are listed too', async () => {
  const entry = ['one', 'two'].map((id) => ({
    resource: profile(id, 'Device'),
    request: { method: 'PUT', url: `StructureDefinition/${id}` },
  }))
  const read = { request: { method: 'GET', url: 'metadata' } }
  const first = await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  expect(first.status, first.text).toBe(200)
  expect(await profilesOf('Device', other)).toEqual([urlOf('one'), urlOf('two')])
  const patched = await ask('PATCH', '/StructureDefinition/one', {
    headers: { 'Content-Type': 'application/json-patch+json' },
    body: [{ op: 'replace', path: '/status', value: 'retired' }],
  })
  expect(patched.status, patched.text).toBe(200)
  const batch = await other('POST', '/', { body: { resourceType: 'Bundle', type: 'batch', entry: [read] } })
  const device = batch.json.entry[0].resource.rest[0].resource.find(
    (each: { type: string }) => each.type === 'Device',
  )
  expect(device.supportedProfile).toEqual([urlOf('two')])
})

test('extensions, specializations and retired ones are no supported profiles; an address is listed once', async () => {
  await put(
    profile('ext', 'Extension', {
      kind: 'complex-type',
      context: [{ type: 'element', expression: 'Group' }],
    }),
  )
  await put(profile('logical', 'Group', { kind: 'logical', derivation: 'specialization' }))
  await put(profile('old', 'Group', { status: 'retired' }))
  await put(profile('first', 'Group', { url: urlOf('same') }))
  await put(profile('second', 'Group', { url: urlOf('same'), version: '2' }))
  expect(await profilesOf('Group')).toEqual([urlOf('same')])
})

test('profiles that two processes store at once are all listed, and the newest list is the published one', async () => {
  const ids = Array.from({ length: 12 }, (_, i) => `at-once-${i}`)
  await Promise.all(ids.map((id, i) => put(profile(id, 'Location'), i % 2 === 0 ? ask : other)))
  const listed = await profilesOf('Location')
  expect(listed).toEqual(ids.map(urlOf).sort())
  const store = openStore(engines.place)('main')
  const { bucket, clients } = engines.place
  const object = await clients.bucket.get(bucket, publishedAnnouncementKey('main'))
  expect(JSON.parse(Buffer.from(object).toString())).toEqual(await store.announcement())
})

test('a profile whose writer died before it was announced is announced by the next reindexing', async () => {
  await put(profile('late', 'Slot'))
  const store = openStore(engines.place)('main')
  const { version } = await store.announcement()
  await store.announce({ version: version + 1, text: '{}' })
  expect(await profilesOf('Slot')).toEqual([])
  expect([200, 202]).toContain((await ask('POST', '/$reindex')).status)
  expect(await profilesOf('Slot')).toEqual([urlOf('late')])
})

const guide = 'http://example.org/ImplementationGuide/g'
const claim = (parameter: object[], groups = 'admin', by = ask) =>
  by('POST', '/$claim', { body: { resourceType: 'Parameters', parameter }, groups })

test('a claim is stated in every process until it is withdrawn, and another version of the guide replaces it', async () => {
  const statement = 'http://example.org/CapabilityStatement/server'
  await claim([
    { name: 'guide', valueCanonical: `${guide}|1.0` },
    { name: 'statement', valueCanonical: statement },
  ])
  const next = [
    { name: 'guide', valueCanonical: `${guide}|2.0` },
    { name: 'statement', valueCanonical: statement },
  ]
  const made = await claim(next, 'admin', other)
  expect(made.json.parameter).toEqual([{ name: 'claim', part: next }])
  expect((await metadata()).json).toMatchObject({
    instantiates: [statement],
    implementationGuide: [`${guide}|2.0`],
  })
  await claim([
    { name: 'guide', valueCanonical: guide },
    { name: 'withdraw', valueBoolean: true },
  ])
  const { json } = await metadata(other)
  expect([json.instantiates, json.implementationGuide]).toEqual([undefined, undefined])
  expect((await ask('GET', '/$claim')).json).toEqual({ resourceType: 'Parameters' })
})

test('addresses that are too long and more profiles than fit are left out, and every write is answered', async () => {
  const noise = (length: number) => randomBytes(length).toString('base64url').slice(0, length)
  await put(profile('too-long', 'Media', { url: urlOf(noise(600)) }))
  expect(await profilesOf('Media')).toEqual([])
  const entry = Array.from({ length: 300 }, (_, i) => ({
    resource: profile(`z-${String(i).padStart(3, '0')}`, 'Media', { url: urlOf(noise(440)) }),
    request: { method: 'PUT', url: `StructureDefinition/z-${String(i).padStart(3, '0')}` },
  }))
  const { status, text } = await ask('POST', '/', {
    body: { resourceType: 'Bundle', type: 'transaction', entry },
  })
  expect(status, text.slice(0, 300)).toBe(200)
  const listed = await profilesOf('Media', other)
  expect(listed.length).toBeGreaterThan(100)
  expect(listed.length).toBeLessThan(300)
})

test('only an administrator claims, and what is no canonical address is refused', async () => {
  const named = [{ name: 'guide', valueCanonical: `${guide}|1.0` }]
  expect((await claim(named, 'clinician')).status).toBe(403)
  const wrong = await claim([{ name: 'guide', valueCanonical: 'my guide' }])
  expect([wrong.status, wrong.json.issue[0].diagnostics]).toEqual([400, expect.stringContaining('canonical')])
  expect((await claim([])).status).toBe(400)
  const long = await claim([{ name: 'guide', valueCanonical: `http://example.org/${'x'.repeat(500)}` }])
  expect([long.status, long.json.issue[0].diagnostics]).toEqual([400, expect.stringContaining('at most 500')])
  expect((await metadata()).json.implementationGuide).toBeUndefined()
})
