/** One order over several types: each is read in it, and the page takes from all what comes first. */

import { failure } from '../outcome/failure.ts'
import { inParallel } from '../store/parallel.ts'
import type { Query } from './query.ts'
import { type SearchOptions, type SearchPage, search, type Told } from './search.ts'
import { placeByKeys } from './sort.ts'

/** A page that was put together from pages of several types. */
export interface Joined {
  pages: readonly SearchPage[]
  matches: Told[]
  next?: string
  previous?: string
}

/** Where each type has come to: a cursor, nothing at its beginning, and null at its end. */
type Places = readonly (string | null)[]

const written = (places: Places): string => Buffer.from(JSON.stringify(places)).toString('base64url')

const placesOf = (text: string | undefined, types: number): Places => {
  if (text === undefined) return Array.from({ length: types }, () => '')
  try {
    const places: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    const isPlace = (place: unknown) => place === null || typeof place === 'string'
    if (Array.isArray(places) && places.length === types && places.every(isPlace)) return places
  } catch {}
  throw failure('invalid', 'The `_cursor` is not one that this server gave. Start without it.', '_cursor')
}

const width = 16

/** One type's page while it is being taken from. */
interface Stream {
  query: Query
  cursor: string | null
  page: SearchPage | undefined
  /** What the matches are sorted by. */
  keys: readonly string[]
  taken: number
}

const read = async (query: Query, cursor: string, options: SearchOptions): Promise<SearchPage> =>
  search(cursor === '' ? query : { ...query, cursor }, options)

const streamOf = async (query: Query, cursor: string | null, options: SearchOptions): Promise<Stream> => {
  const page = cursor === null ? undefined : await read(query, cursor, options)
  return { query, cursor, page, keys: page?.keys ?? [], taken: 0 }
}

/** What of a type has been read is taken, and more would follow: what comes next is not known. */
const isDry = ({ page, keys, taken }: Stream): boolean => taken === keys.length && page?.next !== undefined

const firstOf = (streams: readonly Stream[]): Stream | undefined =>
  streams
    .filter(({ keys, taken }) => taken < keys.length)
    .reduce<Stream | undefined>((first, each) => {
      if (!first) return each
      const [a, b] = [first, each].map(({ keys, taken }) => ({ order: keys[taken] ?? '', id: '' }))
      return a && b && placeByKeys(each.query.sort, b, a) < 0 ? each : first
    }, undefined)

const takeFrom = (streams: readonly Stream[], count: number): Told[] => {
  const matches: Told[] = []
  while (matches.length < count && !streams.some(isDry)) {
    const first = firstOf(streams)
    const version = first?.page?.matches[first.taken]
    if (!first || !version) break
    first.taken++
    matches.push(version)
  }
  return matches
}

/** Returns the page as far as it was taken, whose cursor leads on from there. */
const cut = async (
  { query, cursor, page, keys, taken }: Stream,
  options: SearchOptions,
): Promise<SearchPage | undefined> => {
  if (!page || taken === keys.length) return page
  return taken === 0 ? undefined : read({ ...query, count: taken }, cursor ?? '', options)
}

const placeAfter = ({ cursor, page, keys, taken }: Stream, used: SearchPage | undefined): string | null => {
  if (!page) return null
  return taken === 0 && keys.length > 0 ? cursor : (used?.next ?? null)
}

/** Returns one page of several queries in the order of their sort keys. */
export const readMerged = async (
  queries: readonly Query[],
  cursor: string | undefined,
  options: SearchOptions,
): Promise<Joined> => {
  const places = placesOf(cursor, queries.length)
  const starts = queries.map((query, i) => [query, places[i] ?? null] as const)
  const streams = await inParallel(width, starts, ([query, start]) => streamOf(query, start, options))
  const matches = takeFrom(streams, queries[0]?.count ?? 0)
  const used = await inParallel(width, streams, (stream) => cut(stream, options))
  const after = streams.map((stream, i) => placeAfter(stream, used[i]))
  const pages = used.filter((page) => page !== undefined)
  const more = after.some((place) => place !== null)
  return { pages, matches, ...(more && { next: written(after) }) }
}
