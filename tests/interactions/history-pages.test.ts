import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
const base = 'https://api.example.org/fhir'

const put = (type: string, id: string, text: string) =>
  server.ask('PUT', `/${type}/${id}`, { body: { resourceType: type, id, code: { text } } })

beforeAll(async () => {
  server = await startServer()
  for (let n = 0; n < 7; n++) for (const id of ['a', 'b', 'c']) await put('Basic', id, `${n}`)
  await server.ask('POST', '/Basic', { body: { resourceType: 'Basic', id: 'x', code: { text: 'other' } } })
  const entry = ['a', 'c'].map((id) => ({ item: { reference: `Basic/${id}` } }))
  const list = { resourceType: 'List', id: 'l', status: 'current', mode: 'working', entry }
  await server.ask('PUT', '/List/l', { body: list })
  await server.engines.strict.settled()
})
afterAll(() => server?.stop())

interface Page {
  link: { relation: string; url: string }[]
  entry?: { fullUrl: string; response: { etag: string } }[]
}

const page = async (target: string): Promise<Page> => {
  const { status, json } = await server.ask('GET', target)
  expect(status).toBe(200)
  return json
}

const namesOn = ({ entry = [] }: Page) =>
  entry.map(({ fullUrl, response }) => `${fullUrl.slice(base.length + 1)} ${response.etag}`)

const targetOf = ({ link }: Page, relation: string): string | undefined =>
  link.find((each) => each.relation === relation)?.url.slice(base.length)

/** Returns the pages from one on, as far as a link leads. */
const walk = async (from: string, relation: string, between = async () => {}): Promise<Page[]> => {
  const pages: Page[] = []
  for (let at: string | undefined = from; at !== undefined; ) {
    const next: Page = await page(at)
    pages.push(next)
    at = targetOf(next, relation)
    await between()
  }
  return pages
}

const histories = [
  '/Basic/a/_history?_count=2',
  '/Basic/a/_history?_count=2&_sort=_lastUpdated',
  '/Basic/_history?_count=7',
  '/Basic/_history?_count=11',
  '/Basic/_history?_count=5&_sort=_lastUpdated',
  '/_history?_count=4',
  '/_history?_count=23&_sort=_lastUpdated',
  '/Basic/_history?_count=4&_list=l',
  '/_history?_count=3&_list=l&_sort=_lastUpdated',
  '/Basic/_history?_count=1&_at=2000',
  '/Basic/_history?_count=2&_since=2000-01-01',
]

test.each(histories)('%s: forth to the end and back is the same, nothing lost or doubled', async (target) => {
  const forth = await walk(target, 'next')
  const names = forth.flatMap(namesOn)
  expect(new Set(names).size).toBe(names.length)
  expect(targetOf(forth[0] as Page, 'previous')).toBeUndefined()
  if (forth.length === 1) return
  const back = await walk(targetOf(forth.at(-1) as Page, 'previous') ?? '', 'previous')
  const behind = namesOn(forth.at(-1) as Page)
  expect([...back.toReversed().flatMap(namesOn), ...behind]).toEqual(names)
  const again = await walk(targetOf(back.at(-1) as Page, 'next') ?? '', 'next')
  expect([...namesOn(back.at(-1) as Page), ...again.flatMap(namesOn)]).toEqual(names)
})

test('while others write, the way back has all that the way forth had once, and what is new before it', async () => {
  let n = 100
  const write = async (): Promise<void> => {
    await put('Basic', 'a', `${n++}`)
    await server.engines.strict.settled()
  }
  const forth = await walk('/Basic/_history?_count=3', 'next', write)
  const names = forth.flatMap(namesOn)
  const back = await walk(targetOf(forth.at(-1) as Page, 'previous') ?? '', 'previous', async () => {
    if (n < 130) await write()
  })
  const all = [...back.toReversed().flatMap(namesOn), ...namesOn(forth.at(-1) as Page)]
  expect(new Set(all).size).toBe(all.length)
  expect(all.slice(-names.length)).toEqual(names)
  expect(all.length).toBeGreaterThan(names.length)
})
