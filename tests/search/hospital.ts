import type { Resource } from '../../src/fhir/definitions.ts'
import { entriesOf } from '../../src/search/entries.ts'
import { parseQuery } from '../../src/search/parse.ts'
import type { Pair } from '../../src/search/query.ts'
import type { Limits } from '../../src/search/scope.ts'
import { type SearchPage, search } from '../../src/search/search.ts'
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
export const put = (resource: Known, t: string, before?: Version): Write => {
  const v = (before?.v ?? 0) + 1
  return {
    ...keyOf(resource),
    before,
    v,
    t,
    method: before ? 'PUT' : 'POST',
    text: JSON.stringify(stored(resource, v, t)),
    entries: entriesOf(resource, t),
    stale: staleEntries(before),
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
  stale: staleEntries(before),
})

const staleEntries = (before: Version | undefined) =>
  before && !before.deleted ? entriesOf(JSON.parse(before.text), before.t) : []

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
  const parsed = parseQuery(type, [...pairsOf(query), ...more], { lenient: false, base })
  return search(parsed.query, { store, limits, findCodes: codesFinder(store) })
}

/** Returns the ids of one page of matches. */
export const searchIds = async (store: Store, url: string): Promise<string[]> =>
  (await searchPage(store, url)).matches.map(({ id }) => id)

/** Returns the ids of all pages of matches. */
export const allIds = async (store: Store, url: string, limits: Partial<Limits> = {}): Promise<string[]> => {
  const found: string[] = []
  let next: string | undefined
  do {
    const page = await searchPage(store, url, next === undefined ? [] : [['_cursor', next]], limits)
    found.push(...page.matches.map(({ id }) => id))
    next = page.next
  } while (next !== undefined)
  return found
}
