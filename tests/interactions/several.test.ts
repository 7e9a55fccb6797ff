import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
const base = 'https://api.example.org/fhir'

const put = (resource: { resourceType: string; id: string; [name: string]: unknown }) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})
const subject = (id: string) => ({ reference: `Patient/${id}` })

beforeAll(async () => {
  server = await startServer()
  const entry = [
    ...['ann', 'bob'].map((id) => put({ resourceType: 'Patient', id, active: true })),
    put({ resourceType: 'Practitioner', id: 'dr' }),
    put({
      resourceType: 'Encounter',
      id: 'e',
      status: 'finished',
      class: { code: 'AMB' },
      subject: subject('ann'),
      participant: [{ individual: { reference: 'Practitioner/dr' } }],
    }),
    ...Array.from({ length: 5 }, (_, i) =>
      put({
        resourceType: 'Observation',
        id: `o${i}`,
        status: i === 0 ? 'amended' : 'final',
        code: { text: 'x' },
        subject: subject(i < 4 ? 'ann' : 'bob'),
        encounter: { reference: 'Encounter/e' },
        effectiveDateTime: `2026-01-0${i + 1}`,
      }),
    ),
    put({ resourceType: 'Condition', id: 'c', subject: subject('ann') }),
  ]
  const { status } = await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  expect(status).toBe(200)
})
afterAll(() => server?.stop())

type Entry = { resource: { resourceType: string; id: string } }
const paths = ({ json }: { json: { entry?: Entry[] } }) =>
  (json.entry ?? []).map(({ resource }) => `${resource.resourceType}/${resource.id}`)

const everyPage = async (target: string): Promise<string[]> => {
  const found: string[] = []
  let url: string | undefined = target
  while (url) {
    const told = await ask('GET', url)
    found.push(...paths(told))
    url = told.json.link
      .find(({ relation }: { relation: string }) => relation === 'next')
      ?.url.slice(base.length)
  }
  return found
}

describe('a compartment', () => {
  test.each([
    ['Patient/ann/Observation', ['o3', 'o2', 'o1', 'o0'].map((id) => `Observation/${id}`)],
    ['Patient/ann/Observation?status=amended', ['Observation/o0']],
    ['Patient/bob/Observation', ['Observation/o4']],
    ['Patient/ann/Condition', ['Condition/c']],
    ['Patient/ann/Patient', ['Patient/ann']],
    ['Patient/ann/Medication', []],
    ['Patient/nobody/Observation', []],
    ['Encounter/e/Observation', ['o4', 'o3', 'o2', 'o1', 'o0'].map((id) => `Observation/${id}`)],
    ['Practitioner/dr/Encounter', ['Encounter/e']],
  ])('%s is searched', async (target, expected) => {
    expect(paths(await ask('GET', `/${target}`))).toEqual(expected)
  })

  test('is searched whole, in pages too', async () => {
    const whole = [
      'Condition/c',
      'Encounter/e',
      'Patient/ann',
      ...['o0', 'o1', 'o2', 'o3'].map((id) => `Observation/${id}`),
    ]
    expect((await everyPage('/Patient/ann/*')).sort()).toEqual(whole.sort())
    expect((await everyPage('/Patient/ann/*?_count=2')).sort()).toEqual(whole)
    expect(paths(await ask('GET', '/Patient/ann/*?_type=Condition,Encounter'))).toEqual([
      'Condition/c',
      'Encounter/e',
    ])
  })

  test('takes a form', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const told = await ask('POST', '/Patient/ann/Observation/_search', { headers, body: 'status=amended' })
    expect(paths(told)).toEqual(['Observation/o0'])
    expect(told.json.link[0].url).toBe(`${base}/Patient/ann/Observation?status=amended`)
  })

  test('does not lend its cursor to another', async () => {
    const { json } = await ask('GET', '/Patient/ann/Observation?_count=2')
    const next: string = json.link.at(-1).url.slice(base.length)
    expect(paths(await ask('GET', next))).toEqual(['Observation/o1', 'Observation/o0'])
    expect((await ask('GET', next.replace('ann', 'bob'))).status).toBe(400)
  })

  test.each([
    ['/Patient/ann/Nothing', 404],
    ['/Observation/o1/Patient', 404],
    ['/Patient/ann/*?_type=Nothing', 404],
    ['/Patient/ann/Observation?colour=red', 400],
    ['/Patient/ann/*?_sort=_lastUpdated', 200],
  ])('%s is answered with %i', async (target, status) => {
    expect((await ask('GET', target)).status).toBe(status)
  })
})

const linkOf = ({ json }: { json: { link: { relation: string; url: string }[] } }, wanted: string) =>
  json.link.find(({ relation }) => relation === wanted)?.url.slice(base.length)

describe('several types in one order', () => {
  const all = ['Observation/o0', 'Observation/o1', 'Observation/o2', 'Observation/o3', 'Observation/o4']
  const others = ['Condition/c', 'Encounter/e', 'Patient/ann', 'Patient/bob']
  const byId = (a: string, b: string) => ((a.split('/')[1] ?? '') < (b.split('/')[1] ?? '') ? -1 : 1)
  const types = '_type=Observation,Condition,Encounter,Patient'

  test.each([1, 2, 4, 50])('are sorted together, %i on a page', async (count) => {
    const sorted = [...all, ...others].toSorted(byId)
    expect(await everyPage(`/?${types}&_sort=_id&_count=${count}`)).toEqual(sorted)
    expect(await everyPage(`/?${types}&_sort=-_id&_count=${count}`)).toEqual(sorted.toReversed())
  })

  test('are sorted by several keys, of which the first is the last change', async () => {
    const sorted = await everyPage('/Patient/ann/*?_sort=_lastUpdated,-_id&_count=3')
    expect(sorted).toEqual([
      'Observation/o3',
      'Observation/o2',
      'Observation/o1',
      'Observation/o0',
      'Encounter/e',
      'Condition/c',
      'Patient/ann',
    ])
  })

  test.each([
    ['/?_type=Observation,Condition&_sort=date', 400],
    ['/?_type=Observation,Condition&_sort=_id&_cursor=x', 400],
    ['/?_type=Observation,Condition&_sort=_id&_cursor=W10', 400],
  ])('%s is answered with %i', async (target, status) => {
    expect((await ask('GET', target)).status).toBe(status)
  })
})

describe('several types', () => {
  test.each([
    '/?_type=Observation,Condition,Encounter,Patient&_sort=-_id&_count=2',
    '/Patient/ann/*?_sort=_lastUpdated,-_id&_count=3',
    '/?_lastUpdated=gt2000&_count=5',
    '/Patient/ann/*?_count=2',
    '/?_type=Patient,Observation&_count=2',
  ])('%s leads back page by page', async (target) => {
    const forward: string[][] = []
    let url: string | undefined = target
    let last = ''
    for (; url; url = linkOf(await ask('GET', last), 'next')) {
      last = url
      forward.push(paths(await ask('GET', url)))
    }
    const back: string[][] = []
    for (url = last; url; url = linkOf(await ask('GET', url), 'previous'))
      back.unshift(paths(await ask('GET', url)))
    expect(back.flat()).toEqual(forward.flat())
    const again = linkOf(await ask('GET', last), 'previous') ?? ''
    expect(linkOf(await ask('GET', again), 'next')).toBeDefined()
  })

  test('tell a total that goes beyond the page where it is asked for', async () => {
    const known = await ask('GET', '/?_type=Patient,Observation&_count=2')
    expect(known.json.total).toBeUndefined()
    const counted = await ask('GET', '/?_type=Patient,Observation&_count=2&_total=accurate')
    expect([counted.json.total, counted.json.entry.length]).toEqual([7, 2])
  })

  test('warn of what only one of them knows', async () => {
    const headers = { Prefer: 'handling=lenient' }
    const { text } = await ask('GET', '/?_type=Observation,Patient&status=final', { headers })
    expect(text).toContain('no search parameter of Patient')
  })

  test.each(['Observation,Patient', 'Patient,Observation'])(
    'ignore what one of them does not know, as the self link says (%s)',
    async (types) => {
      const headers = { Prefer: 'handling=lenient' }
      const { json } = await ask('GET', `/?_type=${types}&status=entered-in-error&_count=20`, { headers })
      expect(json.total).toBe(7)
      expect(json.link[0]).toEqual({
        relation: 'self',
        url: expect.stringMatching(`_type=${types}&_count=20$`),
      })
    },
  )

  test('are each searched once, however often they are named', async () => {
    expect((await ask('GET', '/?_type=Patient,Patient&_type=Patient')).json.total).toBe(2)
  })

  test('explain themselves together', async () => {
    const { text } = await ask('GET', '/?_type=Observation,Patient&_explain=true')
    expect(text).toContain('matches: 7')
  })
})

describe('the whole system', () => {
  test('is searched by type', async () => {
    const told = await ask('GET', '/?_type=Condition,Patient&_total=accurate')
    expect(paths(told)).toEqual(
      ['Condition/c', 'Patient/ann', 'Patient/bob'].sort((a, b) => (a < b ? -1 : 1)),
    )
    expect(told.json.total).toBe(3)
    expect(told.json.link[0].url).toContain('_type=Condition,Patient')
  })

  test('is searched by what every type has, in pages', async () => {
    const all = await everyPage('/?_lastUpdated=gt2000&_count=5')
    expect(new Set(all).size).toBe(10)
    expect(all).toHaveLength(10)
  })

  test('is counted', async () => {
    expect((await ask('GET', '/?_type=Observation,Patient&_summary=count')).json.total).toBe(7)
  })

  test.each([
    ['/?_type=Nothing', 404],
    ['/?_type=Patient,Observation&status=final', 400],
    ['/?_type=Patient&_cursor=x', 400],
  ])('%s is answered with %i', async (target, status) => {
    expect((await ask('GET', target)).status).toBe(status)
  })

  test('takes a form', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect(paths(await ask('POST', '/_search', { headers, body: '_type=Condition' }))).toEqual([
      'Condition/c',
    ])
  })
})
