import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { door } from '../../src/handlers/door/door.ts'
import { openUpkeep } from '../../src/handlers/door/index-maintenance.ts'
import { thisBuild } from '../../src/search/index/build.ts'
import type { StreamRecord } from '../../src/store/archive/stream.ts'
import type { Build } from '../../src/store/definitions.ts'
import { openStore } from '../../src/store/dynamo/open.ts'
import { type Asking, askDoor, eventOf, type Told } from '../handlers/caller.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { wholeTable } from '../store/whole.ts'
import { put as writeOf } from './hospital.ts'

const usCore = new URL('../../../shared/data/us-core-6.1.0', import.meta.url).pathname

let engines: Engines
/** A process of its own, with its own idea of what is defined. */
const environment = (
  timing = { definitions: 60 },
  build?: () => Promise<Build>,
): ((method: string, target: string, asking?: Asking) => Promise<Told>) => {
  const place = { ...engines.place, timing, ...(build && { build }) }
  const handler = door({ ...engines, openStore: openStore(place) }, { LOG_LEVEL: 'OFF' })
  return (method, target, asking) => askDoor(handler, eventOf(method, target, asking))
}
let ask: ReturnType<typeof environment>
let other: ReturnType<typeof environment>
beforeAll(async () => {
  engines = await startEngines()
  ask = environment()
  other = environment()
})
afterAll(() => engines?.stop())

const put = (resource: { resourceType: string; id: string; [element: string]: unknown }, by = ask) =>
  by('PUT', `/${resource.resourceType}/${resource.id}`, { body: resource })

const parameter = (id: string, code: string, type: string, expression: string, more: object = {}) => ({
  resourceType: 'SearchParameter',
  id,
  url: `http://example.org/SearchParameter/${id}`,
  name: id.replaceAll('-', ''),
  status: 'active',
  description: `Finds by ${code}`,
  code,
  base: [expression.split('.')[0]],
  type,
  expression,
  ...more,
})

const ext = (url: string) => `http://example.org/${url}`
const patient = (id: string, ...extension: object[]) => ({ resourceType: 'Patient', id, extension })
const valued = (url: string, more: object) => ({ url: ext(url), ...more })
const named = (url: string) => `Patient.extension.where(url = '${ext(url)}').value`

const idsIn = ({ json }: Told): string[] =>
  (json.entry ?? [])
    .filter(({ search }: { search: { mode: string } }) => search.mode === 'match')
    .map(({ resource }: { resource: { id: string } }) => resource.id)
    .sort()
const found = async (query: string, by = ask): Promise<string[]> => {
  const told = await by('GET', `/${query}`)
  expect(told.status, told.text).toBe(200)
  return idsIn(told)
}

const reindexed = async () => {
  for (let i = 0; i < 50; i++) {
    const { status, json } = await ask('POST', '/$reindex')
    expect([200, 202]).toContain(status)
    if (json.parameter[0].valueCode === 'done') return
  }
  throw new Error('It does not come to an end.')
}

const searchable = async (type: string, code: string): Promise<boolean> => {
  const { json } = await ask('GET', '/metadata')
  const { searchParam } = json.rest[0].resource.find((each: { type: string }) => each.type === type)
  return searchParam.some(({ name }: { name: string }) => name === code)
}

test('a parameter that is defined finds what was there before and what comes after', async () => {
  await put(patient('old', valued('ward', { valueCode: 'w1' })))
  await ask('POST', '/', {
    body: {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: ['t1', 't2', 't3'].map((id) => ({
        resource: patient(id, valued('ward', { valueCode: id === 't3' ? 'w2' : 'w1' })),
        request: { method: 'PUT', url: `Patient/${id}` },
      })),
    },
  })
  const unknown = await ask('GET', '/Patient?ward=w1')
  expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining('is no search parameter')])
  const { status, text } = await put(parameter('ward', 'ward', 'token', named('ward')))
  expect(status, text).toBe(201)
  await put(patient('new', valued('ward', { valueCode: 'w1' })), other)
  const early = await other('GET', '/Patient?ward=w1')
  expect([early.status, early.text]).toEqual([400, expect.stringContaining('is being indexed')])
  const lenient = await ask('GET', '/Patient?ward=w1', { headers: { Prefer: 'handling=lenient' } })
  expect([lenient.status, lenient.text]).toEqual([200, expect.stringContaining('is being indexed')])
  expect(await searchable('Patient', 'ward')).toBe(false)
  await reindexed()
  expect(await searchable('Patient', 'ward')).toBe(true)
  expect(await found('Patient?ward=w1')).toEqual(['new', 'old', 't1', 't2'])
  expect(await found('Patient?ward=w1,w2', other)).toEqual(['new', 'old', 't1', 't2', 't3'])
  expect(await found('Patient?ward:missing=false')).toEqual(['new', 'old', 't1', 't2', 't3'])
  expect(await found('Patient?_filter=ward%20eq%20w2%20or%20_id%20eq%20old')).toEqual(['old', 't3'])
})

test('it is searched by its own list, and follows every change', async () => {
  const { text } = await ask('GET', '/Patient?ward=w1&_explain=true')
  expect(text).toContain('Driven by: ward')
  await put(patient('old', valued('ward', { valueCode: 'w9' })), other)
  await ask('DELETE', '/Patient/t1')
  expect(await found('Patient?ward=w1')).toEqual(['new', 't2'])
  expect(await found('Patient?ward=w9')).toEqual(['old'])
  const { json } = await ask('GET', '/Patient/$check-index')
  const counts = json.parameter.map(({ name, valueUnsignedInt }: Record<string, unknown>) => [
    name,
    valueUnsignedInt,
  ])
  expect(counts).toEqual(
    expect.arrayContaining([
      ['missing', 0],
      ['wrong', 0],
      ['stale', 0],
    ]),
  )
})

describe('of each type of value', () => {
  beforeAll(async () => {
    const own: [string, string, string, object?][] = [
      ['own-number', 'number', named('n')],
      ['own-date', 'date', named('d')],
      ['own-string', 'string', named('s')],
      ['own-quantity', 'quantity', named('q')],
      ['own-uri', 'uri', named('u')],
      ['own-reference', 'reference', named('r'), { target: ['Practitioner'] }],
      ['own-extension', 'token', `Patient.extension('${ext('t')}')`],
      [
        'own-pair',
        'composite',
        'Patient.contact',
        {
          component: [
            { definition: 'http://hl7.org/fhir/SearchParameter/individual-gender', expression: 'gender' },
            {
              definition: 'http://hl7.org/fhir/SearchParameter/individual-family',
              expression: 'name.family',
            },
          ],
        },
      ],
    ]
    await put({ resourceType: 'Practitioner', id: 'dr' })
    const values = [
      valued('n', { valueDecimal: 2.5 }),
      valued('d', { valueDate: '2026-03-04' }),
      valued('s', { valueString: 'Zürich North' }),
      valued('q', { valueQuantity: { value: 70, system: 'http://unitsofmeasure.org', code: 'kg' } }),
      valued('u', { valueUri: 'urn:a:b' }),
      valued('r', { valueReference: { reference: 'Practitioner/dr' } }),
      valued('t', { valueCoding: { system: 'urn:s', code: 'x' } }),
    ]
    const contact = [
      { gender: 'female', name: { family: 'Ash' } },
      { gender: 'male', name: { family: 'Birch' } },
    ]
    await put({ ...patient('before', ...values), contact })
    for (const [id, type, expression, more] of own) {
      const { status, text } = await put(parameter(id, id, type, expression, more))
      expect(status, text).toBe(201)
    }
    await put({ ...patient('after', ...values), contact }, other)
    await put(patient('without'))
    await reindexed()
  })

  test.each([
    'own-number=2.5',
    'own-number=gt2',
    'own-date=2026-03',
    'own-date=ge2026-03-04',
    'own-string=zurich',
    'own-string:exact=Z%C3%BCrich North',
    'own-string:contains=nort',
    'own-quantity=70|http://unitsofmeasure.org|kg',
    'own-quantity=lt71',
    'own-uri=urn:a:b',
    'own-reference=Practitioner/dr',
    'own-reference=dr',
    'own-reference:Practitioner=dr',
    'own-reference._id=dr',
    'own-extension=urn:s|x',
    'own-pair=female$Ash',
    'own-pair=male$bir',
    'own-date=2026-03-04&own-number=2.5',
    'own-string=zurich&_sort=-own-date',
    'own-extension=x&_sort=own-number',
  ])('%s finds both', async (query) => {
    expect(await found(`Patient?${query}`)).toEqual(['after', 'before'])
  })

  test.each(['own-number=4', 'own-date=lt2026', 'own-pair=female$Birch', 'own-reference=other'])(
    '%s finds none',
    async (query) => {
      expect(await found(`Patient?${query}`)).toEqual([])
    },
  )

  test('a reference can be included, and followed back', async () => {
    const { json } = await ask('GET', '/Patient?_id=after&_include=Patient:own-reference')
    expect(json.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual([
      'after',
      'dr',
    ])
    const all = await ask('GET', '/Patient?_id=after&_include=*')
    expect(all.json.entry).toHaveLength(2)
    const back = await ask('GET', '/Practitioner?_id=dr&_revinclude=Patient:own-reference')
    expect(back.json.entry).toHaveLength(3)
    expect(await found('Practitioner?_has:Patient:own-reference:own-number=2.5')).toEqual(['dr'])
  })
})

test('a definition that is changed is indexed anew, and is refused until that is done', async () => {
  await put(parameter('ward', 'ward', 'token', named('room')))
  await put(patient('moved', valued('room', { valueCode: 'w1' })))
  expect((await ask('GET', '/Patient?ward=w1')).status).toBe(400)
  await reindexed()
  expect(await found('Patient?ward=w1')).toEqual(['moved'])
})

test('one that is retired is refused at once, everywhere, and its entries go', async () => {
  const scan = async () => {
    const items = await wholeTable<{ pk: string }>(engines.clients, engines.tables.search)
    return items.filter(({ pk }) => pk.includes('|ward~'))
  }
  expect(await scan()).not.toEqual([])
  await put({ ...parameter('ward', 'ward', 'token', named('room')), status: 'retired' })
  for (const by of [ask, other]) expect((await by('GET', '/Patient?ward=w1')).status).toBe(400)
  expect(await searchable('Patient', 'ward')).toBe(false)
  await put(patient('moved', valued('room', { valueCode: 'w2' })), other)
  await reindexed()
  expect(await scan()).toEqual([])
  await ask('DELETE', '/SearchParameter/own-uri')
  expect((await ask('GET', '/Patient?own-uri=urn:a:b')).status).toBe(400)
  await reindexed()
})

test('no write is missed, whoever writes while it is being defined', async () => {
  const usual = { definitions: 400 }
  const environments = [0, 1, 2, 3].map(() => environment(usual))
  let writing = true
  const written = new Set<string>()
  const writers = environments.map(async (by, n) => {
    for (let i = 0; writing; i++) {
      const id = `race-${n}-${i % 40}`
      const { status } = await put(patient(id, valued('race', { valueCode: 'on' })), by)
      if (status < 300) written.add(id)
    }
  })
  await new Promise((resolve) => setTimeout(resolve, 400))
  await put(parameter('racing', 'racing', 'token', named('race')), environment(usual))
  await reindexed()
  writing = false
  await Promise.all(writers)
  expect(await found('Patient?racing=on&_count=1000')).toEqual([...written].sort())
  expect(written.size).toBeGreaterThan(4)
})

test.each([
  ['is no FHIRPath', parameter('bad', 'bad', 'token', 'Patient.name.('), 422],
  ['names what the type does not have', parameter('bad', 'bad', 'token', 'Patient.colour'), 422],
  ['calls what is not possible', parameter('bad', 'bad', 'date', 'Patient.name.where(now() > today())'), 422],
  ['leads to another type of value', parameter('bad', 'bad', 'date', 'Patient.name'), 422],
  ['has no expression', { ...parameter('bad', 'bad', 'token', 'Patient.x'), expression: undefined }, 400],
  [
    'has a base that R4 does not know',
    parameter('bad', 'bad', 'token', 'Patient.gender', { base: ['Person', 'Animal'] }),
    400,
  ],
  ['is special', parameter('bad', 'bad', 'special', 'Patient.gender'), 422],
  ['has a code that R4 has', parameter('bad', 'gender', 'token', 'Patient.gender'), 409],
  ['has a code that another has', parameter('bad', 'own-number', 'token', 'Patient.gender'), 409],
  ['has a code that cannot be asked for', parameter('bad', '_own', 'token', 'Patient.gender'), 422],
  ['is a composite without components', parameter('bad', 'bad', 'composite', 'Patient.contact'), 400],
])('a parameter that %s is refused', async (_, resource, expected) => {
  const { status, text } = await put(resource)
  expect(status, text).toBe(expected)
  expect((await ask('GET', '/SearchParameter/bad')).status).toBe(404)
})

test('a draft may say anything, and only administrators define', async () => {
  expect((await put({ ...parameter('bad', 'bad', 'token', 'Patient.colour'), status: 'draft' })).status).toBe(
    201,
  )
  const asked = { groups: 'clinician', body: parameter('mine', 'mine', 'token', 'Patient.gender') }
  expect((await ask('PUT', '/SearchParameter/mine', asked)).status).toBe(403)
  expect((await ask('POST', '/$reindex', { groups: 'clinician' })).status).toBe(403)
})

test('a write that comes after all, and knows of nothing, is indexed by the stream of changes', async () => {
  const id = 'frozen'
  const t = new Date().toISOString()
  const resource = patient(id, valued('race', { valueCode: 'on' }))
  const store = engines.openStore('main')
  await store.commit([writeOf(resource, t)], undefined, {})
  expect(await found('Patient?racing=on&_count=1000')).not.toContain(id)
  const { GetItemCommand } = await import('@aws-sdk/client-dynamodb')
  const { Item: NewImage } = (await engines.clients.dynamo.send(
    new GetItemCommand({
      ConsistentRead: true,
      TableName: engines.tables.resources,
      Key: { pk: { S: `main|Patient|${id}` }, sk: { S: '#' } },
    }) as never,
  )) as unknown as { Item: NonNullable<StreamRecord['dynamodb']>['NewImage'] }
  const upkeep = openUpkeep(() => ({
    tenant: 'main',
    store: engines.openStore('main'),
    reader: engines.openStore('main'),
    archive: engines.archive,
    base: '',
    requestId: 'stream',
    now: Date.now,
  }))
  await upkeep([{ dynamodb: { NewImage } }])
  expect(await found('Patient?racing=on&_count=1000')).toContain(id)
  await ask('DELETE', `/Patient/${id}`)
})

test('what an upgrade indexes otherwise is indexed anew, and then the build before is forgotten', async () => {
  const { print, types } = thisBuild()
  const before = { print: 'before', types: { ...types, Group: 'otherwise' } }
  const by = (build: Build) => environment({ definitions: 5 }, async () => build)
  await put({ resourceType: 'Group', id: 'g', type: 'person', actual: true }, by(before))
  const inside = { resourceType: 'Group', id: 'c', type: 'person', actual: true }
  await put(
    {
      resourceType: 'Observation',
      id: 'around',
      status: 'final',
      code: { text: 'x' },
      contained: [inside],
      subject: { reference: '#c' },
    },
    by(before),
  )
  const upgraded = by({ print, types })
  const { DeleteCommand } = await import('@aws-sdk/lib-dynamodb')
  const send = (command: unknown) => engines.clients.dynamo.send(command as never) as Promise<unknown>
  const items = await wholeTable<{ pk: string; sk: string }>(engines.clients, engines.tables.search)
  const lost = items.filter(({ pk }) => /^main\|#?Group\|type\|/.test(pk))
  expect(lost).toHaveLength(2)
  for (const { pk, sk } of lost)
    await send(new DeleteCommand({ TableName: engines.tables.search, Key: { pk, sk } }))
  const told = await upgraded('GET', '/$reindex')
  expect(told.json.parameter).toContainEqual({ name: 'changed', valueCode: 'Group' })
  expect(await found('Group?type=person', upgraded)).toEqual([])
  const words = await upgraded('GET', '/Group?_content=person')
  expect([words.status, words.text]).toEqual([501, expect.stringContaining('not in the index yet')])
  const inner = await upgraded('GET', '/Group?type=person&_contained=true')
  expect([inner.status, inner.text]).toEqual([501, expect.stringContaining('not in the index yet')])
  await upgraded('POST', '/$reindex')
  expect(await found('Group?type=person', upgraded)).toEqual(['g'])
  expect(await found('Group?type=person&_contained=true', upgraded)).toEqual(['around'])
  expect(await found('Group?_content=person', upgraded)).toEqual(['g'])
  const after = await upgraded('GET', '/$reindex')
  expect(after.json.parameter[0]).toEqual({ name: 'state', valueCode: 'done' })
})

test.skipIf(!existsSync(usCore))(
  'US Core’s parameters are taken as they are published, and found by',
  async () => {
    const files = readdirSync(usCore).filter((name) => name.startsWith('SearchParameter-'))
    const published = files.map((name) => JSON.parse(readFileSync(`${usCore}/${name}`, 'utf8')))
    const extending = published.filter(({ code }) =>
      ['race', 'ethnicity', 'role', 'asserted-date'].includes(code),
    )
    // What this server has of US Core from the start stands aside: the same under other names is a tenant's own.
    const own = extending.map((each) => ({
      ...each,
      id: `own-${each.id}`,
      url: `urn:own:${each.id}`,
      code: `own-${each.code}`,
    }))
    const race = (url: string, system: string, code: string) => ({
      url: `http://hl7.org/fhir/us/core/StructureDefinition/us-core-${url}`,
      extension: [
        { url: 'ombCategory', valueCoding: { system, code } },
        { url: 'text', valueString: code },
      ],
    })
    const cdc = 'urn:oid:2.16.840.1.113883.6.238'
    await put(patient('us1', race('race', cdc, '2106-3'), race('ethnicity', cdc, '2135-2')))
    await put(patient('us2', race('race', cdc, '2054-5'), race('ethnicity', cdc, '2135-2')))
    await put({
      resourceType: 'Condition',
      id: 'us3',
      subject: { reference: 'Patient/us1' },
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/condition-assertedDate',
          valueDateTime: '2026-02-03',
        },
      ],
    })
    const entry = [...published, ...own].map((resource) => ({
      resource,
      request: { method: 'PUT', url: `SearchParameter/${resource.id}` },
    }))
    const { status, text } = await ask('POST', '/', {
      body: { resourceType: 'Bundle', type: 'transaction', entry },
    })
    expect(status, text.slice(0, 500)).toBe(200)
    await reindexed()
    for (const prefix of ['', 'own-']) {
      expect(await found(`Patient?${prefix}race=2106-3`)).toEqual(['us1'])
      expect(await found(`Patient?${prefix}ethnicity=2135-2`)).toEqual(['us1', 'us2'])
      expect(await found(`Condition?${prefix}asserted-date=2026-02`)).toEqual(['us3'])
      expect(await found(`Condition?subject:Patient.${prefix}race=2106-3`)).toEqual(['us3'])
    }
  },
)

test('one that means R4’s own by its derivedFrom is stored, and is nothing new', async () => {
  const body = parameter('us-gender', 'gender', 'token', 'Patient.gender', {
    derivedFrom: 'http://hl7.org/fhir/SearchParameter/individual-gender',
  })
  const { status, text } = await ask('PUT', '/SearchParameter/us-gender', { body, groups: 'loader' })
  expect(status, text).toBe(201)
  const { json } = await ask('GET', '/$reindex')
  expect(JSON.stringify(json)).not.toContain('us-gender')
})
