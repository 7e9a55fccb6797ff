import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
const base = 'https://api.example.org/fhir'

const observation = (n: number) => ({
  resourceType: 'Observation',
  id: `o${n}`,
  status: 'final',
  category: [{ coding: [{ code: 'vital-signs' }] }],
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  subject: { reference: 'Patient/ann' },
  effectiveDateTime: `2026-01-0${n}T08:00:00Z`,
})

const flag = { resourceType: 'Flag', status: 'active', code: { text: 'tall' } }

beforeAll(async () => {
  server = await startServer()
  await ask('PUT', '/Patient/ann', {
    body: { resourceType: 'Patient', id: 'ann', name: [{ family: 'Doe' }] },
  })
  for (const n of [1, 2, 3, 4, 5]) await ask('PUT', `/Observation/o${n}`, { body: observation(n) })
})
afterAll(() => server?.stop())

type Entry = { resource: { id: string; resourceType: string }; search: { mode: string } }
const idsOf = (entries: Entry[] = []) => entries.map(({ resource }) => resource.id)
const linkOf = (json: { link: { relation: string; url: string }[] }, relation: string) =>
  json.link.find((link) => link.relation === relation)?.url

test('finds newest first, as a searchset with links', async () => {
  const { status, json } = await ask('GET', '/Observation?patient=ann&category=vital-signs&_sort=-date')
  expect([status, json.type]).toEqual([200, 'searchset'])
  expect(idsOf(json.entry)).toEqual(['o5', 'o4', 'o3', 'o2', 'o1'])
  expect(json.entry[0]).toMatchObject({ fullUrl: `${base}/Observation/o5`, search: { mode: 'match' } })
  expect(linkOf(json, 'self')).toBe(`${base}/Observation?patient=ann&category=vital-signs&_sort=-date`)
})

test('leads through all pages by its next links', async () => {
  const found: string[] = []
  let url: string | undefined = `${base}/Observation?patient=ann&_count=2`
  while (url) {
    const { json } = await ask('GET', url.slice(base.length))
    found.push(...idsOf(json.entry))
    url = linkOf(json, 'next')
  }
  expect(found.sort()).toEqual(['o1', 'o2', 'o3', 'o4', 'o5'])
})

test('leads back through all pages by its previous links', async () => {
  const first = await ask('GET', '/Observation?patient=ann&_count=2')
  expect(linkOf(first.json, 'previous')).toBeUndefined()
  const second = await ask('GET', String(linkOf(first.json, 'next')).slice(base.length))
  // What comes meanwhile stands before the first page and moves nothing.
  await ask('PUT', '/Observation/o9', { body: observation(9) })
  const back = await ask('GET', String(linkOf(second.json, 'previous')).slice(base.length))
  expect(idsOf(back.json.entry)).toEqual(idsOf(first.json.entry))
  expect(linkOf(back.json, 'next')).toBeDefined()
  const before = await ask('GET', String(linkOf(back.json, 'previous')).slice(base.length))
  expect(idsOf(before.json.entry)).toEqual(['o9'])
  expect(linkOf(before.json, 'previous')).toBeUndefined()
  await ask('DELETE', '/Observation/o9')
})

test('finds what a List holds', async () => {
  const entry = ['o1', 'o2', 'o3'].map((id) => ({
    item: { reference: `Observation/${id}` },
    ...(id === 'o3' && { deleted: true }),
  }))
  const list = { resourceType: 'List', id: 'l', status: 'current', mode: 'changes', entry }
  expect((await ask('PUT', '/List/l', { body: list })).status).toBe(201)
  expect(idsOf((await ask('GET', '/Observation?_list=l')).json.entry)).toEqual(['o2', 'o1'])
  expect(idsOf((await ask('GET', '/Observation?_list=l&date=ge2026-01-02')).json.entry)).toEqual(['o2'])
  expect(idsOf((await ask('GET', '/Patient?_has:Observation:patient:_list=l')).json.entry)).toEqual(['ann'])
  expect((await ask('GET', '/Patient?_list=l')).json.total).toBe(0)
  const refused = await ask('GET', '/Observation?_list=$current-problems')
  expect([refused.status, refused.json.issue[0].diagnostics]).toEqual([
    501,
    expect.stringContaining('by its id'),
  ])
})

test.each([
  ['_count=0', 5, 0],
  ['_summary=count', 5, 0],
  ['_count=2', undefined, 2],
  ['_count=2&_total=none', undefined, 2],
  ['_count=2&_total=estimate', 5, 2],
  ['_count=2&_total=accurate', 5, 2],
])('%s tells a total of %s', async (asked, total, entries) => {
  const { json } = await ask('GET', `/Observation?patient=ann&${asked}`)
  expect([json.total, json.entry?.length ?? 0]).toEqual([total, entries])
  if (entries === 0)
    expect(json.link.map(({ relation }: { relation: string }) => relation)).toEqual(['self', 'first'])
})

test('takes the parameters of a form, and those of the URL with it', async () => {
  const asking = {
    body: 'category=vital-signs&date=ge2026-01-03&date=lt2026-01-05',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  }
  const { json } = await ask('POST', '/Observation/_search?patient=ann', asking)
  expect(idsOf(json.entry).sort()).toEqual(['o3', 'o4'])
})

test('marks what it includes', async () => {
  const { json } = await ask('GET', '/Observation?_id=o1&_include=Observation:subject')
  expect(json.entry.map(({ resource, search }: Entry) => [resource.resourceType, search.mode])).toEqual([
    ['Observation', 'match'],
    ['Patient', 'include'],
  ])
})

test('includes the version that a link names, beside the present one', async () => {
  const [old, now] = ['Old', 'New'].map((family) => ({
    resourceType: 'Patient',
    id: 'eve',
    name: [{ family }],
  }))
  for (const body of [old, now]) await ask('PUT', '/Patient/eve', { body })
  const links = ['Patient/eve', 'Patient/eve/_history/1', 'Patient/eve/_history/2', 'Patient/eve/_history/9']
  for (const [i, reference] of links.entries())
    await ask('PUT', `/Flag/f${i}`, { body: { ...flag, id: `f${i}`, subject: { reference } } })
  const included = async (query: string) => {
    const { json } = await ask('GET', `/Flag?${query}&_include=Flag:subject`)
    const entries: { resource: { name?: [{ family: string }] } }[] = json.entry
    return entries.flatMap(({ resource }) => resource.name?.[0].family ?? []).toSorted()
  }
  expect(await included('_id=f1')).toEqual(['Old'])
  expect(await included('_id=f2')).toEqual(['New'])
  expect(await included('_id=f3')).toEqual([])
  expect(await included('_id=f0,f1,f2,f3')).toEqual(['New', 'Old'])
})

test('refuses an unknown parameter and names it', async () => {
  const { status, json } = await ask('GET', '/Observation?patient=ann&colour=red')
  expect(status).toBe(400)
  expect(json.issue[0].diagnostics).toContain('colour')
})

test('warns instead when that is preferred, and is honest about what it did', async () => {
  const { status, json } = await ask('GET', '/Observation?patient=ann&colour=red', {
    headers: { Prefer: 'handling=lenient' },
  })
  expect(status).toBe(200)
  const last = json.entry.at(-1)
  expect([last.search.mode, last.resource.issue[0].severity]).toEqual(['outcome', 'warning'])
  expect(linkOf(json, 'self')).toBe(`${base}/Observation?patient=ann`)
})

test('ignores empty parameters, says so, and leaves them out of the self link', async () => {
  const { status, json } = await ask('GET', '/Observation?patient=ann&date=&code&_sort=&_count=')
  const told = json.entry.at(-1).resource.issue.map((issue: { expression: string[] }) => issue.expression[0])
  expect([status, json.total, linkOf(json, 'self')]).toEqual([200, 5, `${base}/Observation?patient=ann`])
  expect(told).toEqual(['date', 'code', '_sort', '_count'].map((name) => `Observation?${name}`))
  const asking = {
    body: 'status=&_summary=',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  }
  expect((await ask('POST', '/Observation/_search?patient=ann', asking)).json.total).toBe(5)
  const headers = { 'If-None-Exist': 'identifier=' }
  expect((await ask('POST', '/Patient', { body: { resourceType: 'Patient' }, headers })).status).toBe(400)
})

test('does without a summary that it does not know where that is preferred', async () => {
  const headers = { Prefer: 'handling=lenient' }
  const { status, json } = await ask('GET', '/Observation?patient=ann&_summary=short', { headers })
  expect([status, linkOf(json, 'self')]).toEqual([200, `${base}/Observation?patient=ann`])
})

test('refuses a cursor that was tampered with', async () => {
  for (const [url, place] of [
    ['/Observation?patient=ann&_sort=status&_count=2', 'soon'],
    ['/Observation?patient=ann&_count=2', 'x'.repeat(2000)],
  ]) {
    const { json } = await ask('GET', String(url))
    const next = new URL(String(linkOf(json, 'next')))
    const cursor = JSON.parse(Buffer.from(next.searchParams.get('_cursor') ?? '', 'base64url').toString())
    const told = Buffer.from(JSON.stringify(cursor.with(2, place))).toString('base64url')
    const refused = await ask('GET', `${url}&_cursor=${told}`)
    expect([refused.status, refused.json.issue?.[0].diagnostics]).toEqual([
      400,
      expect.stringContaining('does not belong to this search'),
    ])
  }
})

test('answers nothing found with an empty searchset', async () => {
  const { status, json } = await ask('GET', '/Observation?patient=nobody&_total=accurate')
  expect([status, json.entry, json.total]).toEqual([200, undefined, 0])
})

test('explains itself when asked: what drove it, what it read and what that cost', async () => {
  const { json } = await ask('GET', '/Observation?patient=ann&category=vital-signs&_explain=true')
  const { resource, search } = json.entry.at(-1)
  expect(search.mode).toBe('outcome')
  expect(resource.issue[0]).toMatchObject({ severity: 'information', code: 'informational' })
  expect(resource.issue[0].diagnostics).toMatch(/^Driven by: patient/)
  expect(resource.issue[0].diagnostics).toMatch(
    /matches: 5\.\nDynamoDB: \d+ rounds, \d+ calls, [\d.]+ read units\./,
  )
  expect(json.total).toBe(5)
})
