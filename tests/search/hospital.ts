import type { Resource, SearchParameter } from '../../src/fhir/definitions.ts'
import { readQuery } from '../../src/search/custom.ts'
import { indexEntriesOf } from '../../src/search/index/entries.ts'
import { searchType } from '../../src/search/multi-type.ts'
import type { Pair } from '../../src/search/query.ts'
import type { Limits } from '../../src/search/scope.ts'
import type { SearchMatch, SearchPage } from '../../src/search/search.ts'
import type { Store, Version, Write } from '../../src/store/port.ts'
import { codesFinder } from '../../src/terminology/find-codes.ts'

export const base = 'http://localhost:8888/fhir'

/** A resource that has its id. */
export type Known = Resource & { id: string }

const keyOf = ({ resourceType: type, id }: Known) => ({ type, id })

/** Returns the resource as it is stored, `meta` spliced in. */
export const stored = (resource: Known, v: number, t: string): Known => ({
  ...resource,
  meta: { ...(resource.meta as object | undefined), versionId: String(v), lastUpdated: t },
})

/** Returns the write that stores a resource at an instant. */
export const put = (
  resource: Known,
  t: string,
  before?: Version,
  own: readonly SearchParameter[] = [],
): Write => {
  const v = (before?.v ?? 0) + 1
  return {
    ...keyOf(resource),
    before,
    v,
    t,
    method: before ? 'PUT' : 'POST',
    text: JSON.stringify(stored(resource, v, t)),
    entries: indexEntriesOf(resource, t, own),
  }
}

/** Returns the write that deletes what is there. */
export const remove = (before: Version, t: string): Write => ({
  type: before.type,
  id: before.id,
  before,
  v: before.v + 1,
  t,
  method: 'DELETE',
  entries: [],
})

/** Stores resources under one write per chunk, as a transaction does. */
export const putAll = async (store: Store, resources: readonly Known[], t: string): Promise<void> => {
  for (let i = 0; i < resources.length; i += 400) {
    await store.commit(resources.slice(i, i + 400).map((resource) => put(resource, t)))
  }
}

/** Returns the pairs of a URL's query. */
export const pairsOf = (query: string): Pair[] => [...new URLSearchParams(query)]

/** Returns one page of the search that a relative URL asks for. */
export const searchPage = async (
  store: Store,
  url: string,
  more: readonly Pair[] = [],
  limits: Partial<Limits> = {},
): Promise<SearchPage> => {
  const [type = '', query = ''] = url.split('?')
  const parsed = await readQuery(type, [...pairsOf(query), ...more], { lenient: false, base }, store)
  return searchType(parsed.query, { reader: store, limits, findCodes: codesFinder(store, base) })
}

/** Returns the ids of one page of matches. */
export const searchIds = async (store: Store, url: string): Promise<string[]> =>
  (await searchPage(store, url)).matches.map(({ id }) => id)

/** Tells a match by its id. */
const byId = ({ id }: SearchMatch): string => id

/** Tells a match by where it stands. */
export const byPlace = ({ type, id, address = `${type}/${id}` }: SearchMatch): string => address

/** Returns the ids of each page from a cursor on, in the order of reading, and what leads back from the last. */
const readPages = async (
  store: Store,
  url: string,
  limits: Partial<Limits>,
  way: 'next' | 'previous',
  told: (match: SearchMatch) => string,
  from?: string,
): Promise<{ pages: string[][]; previous: string | undefined }> => {
  const pages: string[][] = []
  let at = from
  for (;;) {
    const page = await searchPage(store, url, at === undefined ? [] : [['_cursor', at]], limits)
    pages.push(page.matches.map(told))
    if (page[way] === undefined) return { pages, previous: page.previous }
    at = page[way]
  }
}

/** Returns the ids of all pages of matches. */
export const allIds = async (
  store: Store,
  url: string,
  limits: Partial<Limits> = {},
  told = byId,
): Promise<string[]> => (await readPages(store, url, limits, 'next', told)).pages.flat()

/** Returns the ids of all pages as they are read forward, and as they are read back from the last page. */
export const thereAndBack = async (
  store: Store,
  url: string,
  limits: Partial<Limits> = {},
  told = byId,
): Promise<{ there: string[]; back: string[] }> => {
  const { pages, previous } = await readPages(store, url, limits, 'next', told)
  const before =
    previous === undefined ? [] : (await readPages(store, url, limits, 'previous', told, previous)).pages
  return { there: pages.flat(), back: [...before.toReversed(), pages.at(-1) ?? []].flat() }
}
