/** https://hl7.org/fhir/R4/http.html#search — one search over several types: one after the other, or sorted together. */

import { decodeCursor, encodeCursor } from '../fhir/json/cursor.ts'
import { referenceTo } from '../fhir/references.ts'
import { failure, type Issue, warning } from '../outcome/failure.ts'
import { inParallel } from '../store/parallel.ts'
import { lastCursor } from './cursor.ts'
import { explainTogether } from './explain.ts'
import { type Joined, readMerged } from './merged-order.ts'
import { containedVariants, type Query } from './query.ts'
import { openStages } from './reading/stages.ts'
import { type SearchMatch, type SearchOptions, type SearchPage, search } from './search.ts'

const width = 16

/** Where a page begins: at which type, and where in it; or, going back, where it ends. */
interface Place {
  at: number
  cursor?: string
  back?: boolean
}

const written = ({ at, cursor = '', back = false }: Place): string =>
  encodeCursor([at, cursor, ...(back ? ['back'] : [])])

const placeOf = (text: string | undefined, types: number): Place => {
  if (text === undefined) return { at: 0 }
  const [at, cursor, back] = decodeCursor(text)
  if (Number.isInteger(at) && Number(at) >= 0 && Number(at) < types && typeof cursor === 'string')
    return { at: Number(at), ...(cursor !== '' && { cursor }), back: back === 'back' }
  throw failure('invalid', 'The `_cursor` was not given by this server. Start without it.', '_cursor')
}

const placeOfTold = ({ type, id, address = referenceTo({ type, id }) }: SearchMatch): string => address

const distinct = (pages: readonly SearchPage[]): SearchPage['included'] => {
  const matches = new Set(pages.flatMap((page) => page.matches).map(placeOfTold))
  const included = pages
    .flatMap((page) => page.included)
    .map((version) => [placeOfTold(version), version] as const)
  return [...new Map(included.filter(([key]) => !matches.has(key))).values()]
}

/** A page of one of the types. */
interface Part {
  at: number
  page: SearchPage
}

interface Parts {
  parts: Part[]
  next?: Place | undefined
  previous?: Place | undefined
}

const fromCursor = (query: Query, cursor: string | undefined): Query =>
  cursor === undefined ? query : { ...query, cursor }

/** Reads type after type, some at once, until the page is full. */
const readForward = async (
  queries: readonly Query[],
  place: Place,
  options: SearchOptions,
): Promise<Parts> => {
  const parts: Part[] = []
  let left = queries[0]?.count ?? 0
  for (let from = place.at; from < queries.length; from += width) {
    const batch = queries.slice(from, from + width)
    const found = await inParallel(width, batch, (query) =>
      search(fromCursor(query, query === queries[place.at] ? place.cursor : undefined), options),
    )
    for (const [i, page] of found.entries()) {
      const at = from + i
      const own = at === place.at ? place.cursor : undefined
      if (page.matches.length > left) {
        if (left === 0) return { parts, next: { at, ...(own !== undefined && { cursor: own }) } }
        const cut = await search(fromCursor({ ...(queries[at] as Query), count: left }, own), options)
        return { parts: [...parts, { at, page: cut }], next: { at, ...(cut.next && { cursor: cut.next }) } }
      }
      parts.push({ at, page })
      left -= page.matches.length
      if (page.next) return { parts, next: { at, cursor: page.next } }
      if (left === 0 && at + 1 < queries.length) return { parts, next: { at: at + 1 } }
    }
  }
  return { parts }
}

/** Reads type before type, some at once, from where a page begins, until the page before it is full. */
const readBack = async (queries: readonly Query[], place: Place, options: SearchOptions): Promise<Parts> => {
  const parts: Part[] = []
  let left = queries[0]?.count ?? 0
  const readAt = (at: number, count: number): Promise<SearchPage> => {
    const query = queries[at] as Query
    const cursor = at === place.at && place.cursor ? place.cursor : lastCursor(query)
    return search({ ...query, count, cursor }, options)
  }
  for (let from = place.at; from >= 0; from -= width) {
    const batch = Array.from({ length: Math.min(width, from + 1) }, (_, i) => from - i)
    const most = left
    const found = await inParallel(width, batch, async (at) => ({ at, page: await readAt(at, most) }))
    for (const { at, page: whole } of found) {
      const page = whole.matches.length > left ? await readAt(at, left) : whole
      parts.unshift({ at, page })
      left -= page.matches.length
      if (page.previous) return { parts, previous: { at, cursor: page.previous } }
      if (left === 0) return { parts, ...(at > 0 && { previous: { at: at - 1 } }) }
    }
  }
  return { parts }
}

/** Where the page before one that was read forward ends. */
const placeBefore = (place: Place, parts: readonly Part[]): Place | undefined => {
  const first = parts.find(({ page }) => page.matches.length > 0) ?? parts[0]
  if (!first) return undefined
  if (first.page.previous) return { at: first.at, cursor: first.page.previous }
  return first.at > 0 && (place.at > 0 || place.cursor) ? { at: first.at - 1 } : undefined
}

/** Where the page behind one that was read back begins. */
const placeBehind = (place: Place, parts: readonly Part[]): Place | undefined => {
  const last = parts.findLast(({ page }) => page.matches.length > 0)
  if (last?.page.next) return { at: last.at, cursor: last.page.next }
  return last ? { at: last.at + 1 } : { at: place.at }
}

const readInTurn = async (
  queries: readonly Query[],
  cursor: string | undefined,
  options: SearchOptions,
): Promise<Joined> => {
  const place = placeOf(cursor, queries.length)
  const read = place.back
    ? await readBack(queries, place, options)
    : await readForward(queries, place, options)
  const { parts } = read
  const next = place.back ? placeBehind(place, parts) : read.next
  const previous = place.back ? read.previous : cursor === undefined ? undefined : placeBefore(place, parts)
  return {
    pages: parts.map(({ page }) => page),
    matches: parts.flatMap(({ page }) => page.matches),
    ...(next && next.at < queries.length && { next: written(next) }),
    ...(previous && { previous: written({ ...previous, back: true }) }),
  }
}

const sum = (pages: readonly SearchPage[]): number | undefined =>
  pages.reduce<number | undefined>(
    (total, page) => (total === undefined || page.total === undefined ? undefined : total + page.total),
    0,
  )

/** Returns what each type counts. */
const countAll = (queries: readonly Query[], options: SearchOptions): Promise<SearchPage[]> =>
  inParallel(width, queries, (query) => search({ ...query, countOnly: true, sort: [] }, options))

interface Total {
  total?: number | undefined
  issues: Issue[]
}

/** The total beside a page: known where all is on it, counted where that was asked for and can be afforded. */
const totalOf = async (
  queries: readonly Query[],
  pages: readonly SearchPage[],
  isWhole: boolean,
  options: SearchOptions,
): Promise<Total> => {
  const wanted = queries[0]?.total
  if (wanted === 'none') return { issues: [] }
  if (isWhole) return { total: sum(pages), issues: [] }
  if (wanted === 'known') return { issues: [] }
  try {
    return { total: sum(await countAll(queries, options)), issues: [] }
  } catch {
    const left = 'There are too many matches to be counted, so the total is left out.'
    return { issues: [warning('too-costly', left, '_total')] }
  }
}

/** Returns one page of what several queries match, each of another type: in their order, or sorted together. */
export const searchSeveral = async (
  queries: readonly Query[],
  cursor: string | undefined,
  asked: SearchOptions,
): Promise<SearchPage> => {
  const stages = asked.stages ?? openStages(asked.reader)
  const page = await searchTogether(queries, cursor, { ...asked, stages })
  if (!asked.stages) stages.end()
  return page
}

/** All types are read by one reading, so that nothing of a transaction is shown in part across them. */
const searchTogether = async (
  queries: readonly Query[],
  cursor: string | undefined,
  options: SearchOptions,
): Promise<SearchPage> => {
  const [first] = queries
  if (!first) throw failure('invalid', 'There is no type to search.', '_type')
  if (first.countOnly) {
    const pages = await countAll(queries, options)
    return joined({ pages, matches: [] }, { total: sum(pages), issues: [] })
  }
  const read = first.sort.length > 0 ? readMerged : readInTurn
  const each = queries.map((query): Query => ({ ...query, total: 'known' }))
  const page = await read(each, cursor, options)
  const isWhole = cursor === undefined && page.next === undefined
  return joined(page, await totalOf(queries, page.pages, isWhole, options))
}

/** Returns one page of what a query matches: of what stands by itself, of what is inside others, or of both in turn. */
export const searchType = (query: Query, options: SearchOptions): Promise<SearchPage> => {
  if (query.contained !== 'both') return search(query, options)
  const { cursor, ...whole } = query
  return searchSeveral(containedVariants(whole), cursor, options)
}

const joined = ({ pages, matches, next, previous }: Joined, { total, issues }: Total): SearchPage => ({
  matches,
  included: distinct(pages),
  ...(next !== undefined && { next }),
  ...(previous !== undefined && { previous }),
  ...(total !== undefined && { total }),
  issues: [...pages.flatMap((page) => page.issues), ...issues],
  explain: explainTogether(pages.map(({ explain }) => explain)),
})
