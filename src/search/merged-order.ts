/** One order over several types: each is read in it, and the page takes from all what comes first. */

import { decodeCursor, encodeCursor } from '../fhir/json/cursor.ts'
import { failure } from '../outcome/failure.ts'
import { inParallel } from '../store/parallel.ts'
import { lastCursor } from './cursor.ts'
import type { Query } from './query.ts'
import { placeByKeys } from './run/sort.ts'
import { type SearchMatch, type SearchOptions, type SearchPage, search } from './search.ts'

/** A page that was put together from pages of several types. */
export interface Joined {
  pages: readonly SearchPage[]
  matches: SearchMatch[]
  next?: string
  previous?: string
}

/** Where each type has come to: a cursor, nothing at its beginning, and null where no more of it is to be read. */
interface Places {
  back: boolean
  each: readonly (string | null)[]
}

const written = ({ back, each }: Places): string => encodeCursor(back ? ['back', ...each] : each)

const placesOf = (text: string | undefined, types: number): Places => {
  if (text === undefined) return { back: false, each: Array.from({ length: types }, () => '') }
  const cursor = decodeCursor(text)
  if (cursor.every((place) => place === null || typeof place === 'string')) {
    const back = cursor[0] === 'back'
    const each = back ? cursor.slice(1) : cursor
    if (each.length === types) return { back, each }
  }
  throw failure('invalid', 'The `_cursor` was not given by this server. Start without it.', '_cursor')
}

const width = 16

/** One type's page while it is being taken from: from its beginning or, going back, from its end. */
interface Stream {
  query: Query
  cursor: string | null
  back: boolean
  page: SearchPage | undefined
  /** What the matches are sorted by, in the order in which they are taken. */
  keys: readonly string[]
  matches: readonly SearchMatch[]
  taken: number
}

const read = async (query: Query, cursor: string, options: SearchOptions): Promise<SearchPage> =>
  search(cursor === '' ? query : { ...query, cursor }, options)

const streamOf = async (
  query: Query,
  cursor: string | null,
  back: boolean,
  options: SearchOptions,
): Promise<Stream> => {
  const page = cursor === null ? undefined : await read(query, cursor, options)
  const { keys = [], matches = [] } = page ?? {}
  const taken = 0
  if (!back) return { query, cursor, back, page, keys, matches, taken }
  return { query, cursor, back, page, keys: keys.toReversed(), matches: matches.toReversed(), taken }
}

const onwards = ({ back, page }: Stream): string | undefined => (back ? page?.previous : page?.next)

/** What of a type has been read is taken, and more would follow: what comes next is not known. */
const isDry = (stream: Stream): boolean =>
  stream.taken === stream.keys.length && onwards(stream) !== undefined

/** Among equals the types stand in their order; going back, the last of them comes first. */
const comesFirst = (stream: Stream, other: Stream): boolean => {
  const [a, b] = [stream, other].map(({ keys, taken }) => ({ order: keys[taken] ?? '', id: '' }))
  const compared = a && b ? placeByKeys(stream.query.sort, a, b) : 0
  return stream.back ? compared >= 0 : compared < 0
}

const firstOf = (streams: readonly Stream[]): Stream | undefined =>
  streams
    .filter(({ keys, taken }) => taken < keys.length)
    .reduce<Stream | undefined>(
      (first, each) => (first && !comesFirst(each, first) ? first : each),
      undefined,
    )

const takeFrom = (streams: readonly Stream[], count: number): SearchMatch[] => {
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

/** Returns the page as far as it was taken, whose cursor leads on from there. */
const cut = async (
  { query, cursor, page, keys, taken }: Stream,
  options: SearchOptions,
): Promise<SearchPage | undefined> => {
  if (!page || taken === keys.length) return page
  return taken === 0 ? undefined : read({ ...query, count: taken }, cursor ?? '', options)
}

const placeOnwards = (stream: Stream, used: SearchPage | undefined): string | null => {
  const { page, cursor, keys, taken } = stream
  if (!page) return null
  if (taken === 0 && keys.length > 0) return cursor
  return (used && onwards({ ...stream, page: used })) ?? null
}

/** Where a page that is read the other way begins: at the end of a type that was read to it, at the beginning of one that was not begun. */
const placeBackwards = ({ query, back, page }: Stream): string | null => {
  if (page) return (back ? page.next : page.previous) ?? null
  return back ? '' : lastCursor(query)
}

/** Returns one page of several queries in the order of their sort keys. */
export const readMerged = async (
  queries: readonly Query[],
  cursor: string | undefined,
  options: SearchOptions,
): Promise<Joined> => {
  const { back, each } = placesOf(cursor, queries.length)
  const starts = queries.map((query, i) => [query, each[i] ?? null] as const)
  const streams = await inParallel(width, starts, ([query, start]) => streamOf(query, start, back, options))
  const taken = takeFrom(streams, queries[0]?.count ?? 0)
  const used = await inParallel(width, streams, (stream) => cut(stream, options))
  const ahead: Places = { back, each: streams.map((stream, i) => placeOnwards(stream, used[i])) }
  const behind: Places = { back: !back, each: streams.map(placeBackwards) }
  const [next, previous] = back ? [behind, ahead] : [ahead, behind]
  const leads = (places: Places): boolean => places.each.some((place) => place !== null)
  return {
    pages: used.filter((page) => page !== undefined),
    matches: back ? taken.toReversed() : taken,
    ...(leads(next) && { next: written(next) }),
    ...(cursor !== undefined && leads(previous) && { previous: written(previous) }),
  }
}
