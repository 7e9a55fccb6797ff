/** https://hl7.org/fhir/R4/http.html#search — a search over several types: type after type, or sorted together. */

import { decodeCursor, encodeCursor } from '../fhir/json/cursor.ts'
import { referenceTo } from '../fhir/references.ts'
import { failure, type Issue, warning } from '../outcome/failure.ts'
import { inParallel } from '../store/parallel.ts'
import { lastCursor } from './cursor.ts'
import { explainTogether } from './explain.ts'
import { type JoinedPages, readMerged } from './merged-order.ts'
import { containedVariants, type Query } from './query.ts'
import { openStages } from './reading/stages.ts'
import { runSearch, type SearchMatch, type SearchOptions, type SearchPage } from './search.ts'

const typesReadAtOnce = 16

/** The beginning of a page, or backwards its end: the number of the type, and the cursor within the type. */
interface TypeCursor {
  at: number
  cursor?: string
  back?: boolean
}

const typeCursorText = ({ at, cursor = '', back = false }: TypeCursor): string =>
  encodeCursor([at, cursor, ...(back ? ['back'] : [])])

const parseTypeCursor = (text: string | undefined, types: number): TypeCursor => {
  if (text === undefined) return { at: 0 }
  const [at, cursor, back] = decodeCursor(text)
  if (Number.isInteger(at) && Number(at) >= 0 && Number(at) < types && typeof cursor === 'string')
    return { at: Number(at), ...(cursor !== '' && { cursor }), back: back === 'back' }
  throw failure('invalid', 'The `_cursor` was not given by this server. Start without it.', '_cursor')
}

const matchAddress = ({ type, id, address = referenceTo({ type, id }) }: SearchMatch): string => address

const distinctIncluded = (pages: readonly SearchPage[]): SearchPage['included'] => {
  const matches = new Set(pages.flatMap((page) => page.matches).map(matchAddress))
  const included = pages
    .flatMap((page) => page.included)
    .map((version) => [matchAddress(version), version] as const)
  return [...new Map(included.filter(([key]) => !matches.has(key))).values()]
}

/** A page of a type. */
interface TypePage {
  at: number
  page: SearchPage
}

interface TypePages {
  parts: TypePage[]
  next?: TypeCursor | undefined
  previous?: TypeCursor | undefined
}

const fromCursor = (query: Query, cursor: string | undefined): Query =>
  cursor === undefined ? query : { ...query, cursor }

/** Reads type after type, several at once, until the page is full. */
const readForward = async (
  queries: readonly Query[],
  place: TypeCursor,
  options: SearchOptions,
): Promise<TypePages> => {
  const parts: TypePage[] = []
  let left = queries[0]?.count ?? 0
  for (let from = place.at; from < queries.length; from += typesReadAtOnce) {
    const batch = queries.slice(from, from + typesReadAtOnce)
    const found = await inParallel(typesReadAtOnce, batch, (query) =>
      runSearch(fromCursor(query, query === queries[place.at] ? place.cursor : undefined), options),
    )
    for (const [i, page] of found.entries()) {
      const at = from + i
      const own = at === place.at ? place.cursor : undefined
      if (page.matches.length > left) {
        if (left === 0) return { parts, next: { at, ...(own !== undefined && { cursor: own }) } }
        const cut = await runSearch(fromCursor({ ...(queries[at] as Query), count: left }, own), options)
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

/** Reads the types backwards, several at once, until the page is full. */
const readBack = async (
  queries: readonly Query[],
  place: TypeCursor,
  options: SearchOptions,
): Promise<TypePages> => {
  const parts: TypePage[] = []
  let left = queries[0]?.count ?? 0
  const readAt = (at: number, count: number): Promise<SearchPage> => {
    const query = queries[at] as Query
    const cursor = at === place.at && place.cursor ? place.cursor : lastCursor(query)
    return runSearch({ ...query, count, cursor }, options)
  }
  for (let from = place.at; from >= 0; from -= typesReadAtOnce) {
    const batch = Array.from({ length: Math.min(typesReadAtOnce, from + 1) }, (_, i) => from - i)
    const most = left
    const found = await inParallel(typesReadAtOnce, batch, async (at) => ({
      at,
      page: await readAt(at, most),
    }))
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

/** Returns the end of the page before a page that was read forwards. */
const cursorBefore = (place: TypeCursor, parts: readonly TypePage[]): TypeCursor | undefined => {
  const first = parts.find(({ page }) => page.matches.length > 0) ?? parts[0]
  if (!first) return undefined
  if (first.page.previous) return { at: first.at, cursor: first.page.previous }
  return first.at > 0 && (place.at > 0 || place.cursor) ? { at: first.at - 1 } : undefined
}

/** Returns the beginning of the page behind a page that was read backwards. */
const cursorBehind = (place: TypeCursor, parts: readonly TypePage[]): TypeCursor | undefined => {
  const last = parts.findLast(({ page }) => page.matches.length > 0)
  if (last?.page.next) return { at: last.at, cursor: last.page.next }
  return last ? { at: last.at + 1 } : { at: place.at }
}

const readInTurn = async (
  queries: readonly Query[],
  cursor: string | undefined,
  options: SearchOptions,
): Promise<JoinedPages> => {
  const place = parseTypeCursor(cursor, queries.length)
  const read = place.back
    ? await readBack(queries, place, options)
    : await readForward(queries, place, options)
  const { parts } = read
  const next = place.back ? cursorBehind(place, parts) : read.next
  const previous = place.back ? read.previous : cursor === undefined ? undefined : cursorBefore(place, parts)
  return {
    pages: parts.map(({ page }) => page),
    matches: parts.flatMap(({ page }) => page.matches),
    ...(next && next.at < queries.length && { next: typeCursorText(next) }),
    ...(previous && { previous: typeCursorText({ ...previous, back: true }) }),
  }
}

const sumTotals = (pages: readonly SearchPage[]): number | undefined =>
  pages.reduce<number | undefined>(
    (total, page) => (total === undefined || page.total === undefined ? undefined : total + page.total),
    0,
  )

/** Returns the count of each type. */
const countAll = (queries: readonly Query[], options: SearchOptions): Promise<SearchPage[]> =>
  inParallel(typesReadAtOnce, queries, (query) => runSearch({ ...query, countOnly: true, sort: [] }, options))

interface TypesTotal {
  total?: number | undefined
  issues: Issue[]
}

/** Returns the total beside a page: known if the page holds all matches, counted if asked for and affordable. */
const totalOfTypes = async (
  queries: readonly Query[],
  pages: readonly SearchPage[],
  isWhole: boolean,
  options: SearchOptions,
): Promise<TypesTotal> => {
  const wanted = queries[0]?.total
  if (wanted === 'none') return { issues: [] }
  if (isWhole) return { total: sumTotals(pages), issues: [] }
  if (wanted === 'known') return { issues: [] }
  try {
    return { total: sumTotals(await countAll(queries, options)), issues: [] }
  } catch {
    const left = 'There are too many matches to be counted, so the total is left out.'
    return { issues: [warning('too-costly', left, '_total')] }
  }
}

/** Returns a page of several queries of different types: type after type, or sorted together. Fails like `runSearch`. */
export const searchTypes = async (
  queries: readonly Query[],
  cursor: string | undefined,
  asked: SearchOptions,
): Promise<SearchPage> => {
  const stages = asked.stages ?? openStages(asked.reader)
  const page = await searchTogether(queries, cursor, { ...asked, stages })
  if (!asked.stages) stages.end()
  return page
}

/** Searches all types within the same reading, so that no transaction is shown in part. */
const searchTogether = async (
  queries: readonly Query[],
  cursor: string | undefined,
  options: SearchOptions,
): Promise<SearchPage> => {
  const [first] = queries
  if (!first) throw failure('invalid', 'There is no type to search.', '_type')
  if (first.countOnly) {
    const pages = await countAll(queries, options)
    return joinedSearchPage({ pages, matches: [] }, { total: sumTotals(pages), issues: [] })
  }
  const read = first.sort.length > 0 ? readMerged : readInTurn
  const each = queries.map((query): Query => ({ ...query, total: 'known' }))
  const page = await read(each, cursor, options)
  const isWhole = cursor === undefined && page.next === undefined
  return joinedSearchPage(page, await totalOfTypes(queries, page.pages, isWhole, options))
}

/**
 * Returns a page of a query's matches: separate resources, contained resources, or both in turn. Fails like `runSearch`.
 */
export const searchType = (query: Query, options: SearchOptions): Promise<SearchPage> => {
  if (query.contained !== 'both') return runSearch(query, options)
  const { cursor, ...whole } = query
  return searchTypes(containedVariants(whole), cursor, options)
}

const joinedSearchPage = (
  { pages, matches, next, previous }: JoinedPages,
  { total, issues }: TypesTotal,
): SearchPage => ({
  matches,
  included: distinctIncluded(pages),
  ...(next !== undefined && { next }),
  ...(previous !== undefined && { previous }),
  ...(total !== undefined && { total }),
  issues: [...pages.flatMap((page) => page.issues), ...issues],
  explain: explainTogether(pages.map(({ explain }) => explain)),
})
