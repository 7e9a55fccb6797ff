/** Merges the pages of several types into a single order. */

import { decodeCursor, encodeCursor } from '../fhir/json/cursor.ts'
import { failure } from '../outcome/failure.ts'
import { inParallel } from '../store/parallel.ts'
import { lastCursor } from './cursor.ts'
import type { Query } from './query.ts'
import { placeByKeys } from './run/sort.ts'
import { runSearch, type SearchMatch, type SearchOptions, type SearchPage } from './search.ts'

/** A page that was put together from pages of several types. */
export interface JoinedPages {
  pages: readonly SearchPage[]
  matches: SearchMatch[]
  next?: string
  previous?: string
}

/** The cursor of each type: empty at its beginning, null after its end. */
interface MergedCursor {
  back: boolean
  each: readonly (string | null)[]
}

const mergedCursorText = ({ back, each }: MergedCursor): string =>
  encodeCursor(back ? ['back', ...each] : each)

const parseMergedCursor = (text: string | undefined, types: number): MergedCursor => {
  if (text === undefined) return { back: false, each: Array.from({ length: types }, () => '') }
  const cursor = decodeCursor(text)
  if (cursor.every((place) => place === null || typeof place === 'string')) {
    const back = cursor[0] === 'back'
    const each = back ? cursor.slice(1) : cursor
    if (each.length === types) return { back, each }
  }
  throw failure('invalid', 'The `_cursor` was not given by this server. Start without it.', '_cursor')
}

const typesAtOnce = 16

/** A type's page with the number of matches taken from it, from its beginning or, backwards, from its end. */
interface TypeStream {
  query: Query
  cursor: string | null
  back: boolean
  page: SearchPage | undefined
  /** The sort keys of the matches, in the order in which they are taken. */
  keys: readonly string[]
  matches: readonly SearchMatch[]
  taken: number
}

const searchFrom = async (query: Query, cursor: string, options: SearchOptions): Promise<SearchPage> =>
  runSearch(cursor === '' ? query : { ...query, cursor }, options)

const streamOf = async (
  query: Query,
  cursor: string | null,
  back: boolean,
  options: SearchOptions,
): Promise<TypeStream> => {
  const page = cursor === null ? undefined : await searchFrom(query, cursor, options)
  const { keys = [], matches = [] } = page ?? {}
  const taken = 0
  if (!back) return { query, cursor, back, page, keys, matches, taken }
  return { query, cursor, back, page, keys: keys.toReversed(), matches: matches.toReversed(), taken }
}

const onwards = ({ back, page }: TypeStream): string | undefined => (back ? page?.previous : page?.next)

/** Returns whether all read matches of a type are taken and more follow, so that the next match is unknown. */
const isDry = (stream: TypeStream): boolean =>
  stream.taken === stream.keys.length && onwards(stream) !== undefined

/**
 * Returns whether a stream's next match comes before that of a second stream; equal matches keep the order of the types.
 */
const comesFirst = (stream: TypeStream, other: TypeStream): boolean => {
  const [a, b] = [stream, other].map(({ keys, taken }) => ({ order: keys[taken] ?? '', id: '' }))
  const compared = a && b ? placeByKeys(stream.query.sort, a, b) : 0
  return stream.back ? compared >= 0 : compared < 0
}

const firstOf = (streams: readonly TypeStream[]): TypeStream | undefined =>
  streams
    .filter(({ keys, taken }) => taken < keys.length)
    .reduce<TypeStream | undefined>(
      (first, each) => (first && !comesFirst(each, first) ? first : each),
      undefined,
    )

const takeFrom = (streams: readonly TypeStream[], count: number): SearchMatch[] => {
  const taken: SearchMatch[] = []
  while (taken.length < count && !streams.some(isDry)) {
    const first = firstOf(streams)
    const match = first?.matches[first.taken]
    if (!first || !match) break
    first.taken++
    taken.push(match)
  }
  return taken
}

/** Returns the page up to the last taken match, with the cursor behind that match. */
const takenPage = async (
  { query, cursor, page, keys, taken }: TypeStream,
  options: SearchOptions,
): Promise<SearchPage | undefined> => {
  if (!page || taken === keys.length) return page
  return taken === 0 ? undefined : searchFrom({ ...query, count: taken }, cursor ?? '', options)
}

const cursorOnwards = (stream: TypeStream, used: SearchPage | undefined): string | null => {
  const { page, cursor, keys, taken } = stream
  if (!page) return null
  if (taken === 0 && keys.length > 0) return cursor
  return (used && onwards({ ...stream, page: used })) ?? null
}

/**
 * Returns the cursor for reading in the opposite direction: at the end of a type that was read to the end, at the
 * beginning of a type that was not begun.
 */
const cursorBackwards = ({ query, back, page }: TypeStream): string | null => {
  if (page) return (back ? page.next : page.previous) ?? null
  return back ? '' : lastCursor(query)
}

/** Returns a page of several queries in the order of their sort keys. Fails with `invalid` for a foreign cursor. */
export const readMerged = async (
  queries: readonly Query[],
  cursor: string | undefined,
  options: SearchOptions,
): Promise<JoinedPages> => {
  const { back, each } = parseMergedCursor(cursor, queries.length)
  const starts = queries.map((query, i) => [query, each[i] ?? null] as const)
  const streams = await inParallel(typesAtOnce, starts, ([query, start]) =>
    streamOf(query, start, back, options),
  )
  const taken = takeFrom(streams, queries[0]?.count ?? 0)
  const used = await inParallel(typesAtOnce, streams, (stream) => takenPage(stream, options))
  const ahead: MergedCursor = { back, each: streams.map((stream, i) => cursorOnwards(stream, used[i])) }
  const behind: MergedCursor = { back: !back, each: streams.map(cursorBackwards) }
  const [next, previous] = back ? [behind, ahead] : [ahead, behind]
  const leads = (places: MergedCursor): boolean => places.each.some((place) => place !== null)
  return {
    pages: used.filter((page) => page !== undefined),
    matches: back ? taken.toReversed() : taken,
    ...(leads(next) && { next: mergedCursorText(next) }),
    ...(cursor !== undefined && leads(previous) && { previous: mergedCursorText(previous) }),
  }
}
