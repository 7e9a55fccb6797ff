/** https://hl7.org/fhir/R4/http.html#search — one search over several types, one type after the other. */

import { failure } from '../outcome/failure.ts'
import { inParallel } from '../store/parallel.ts'
import type { Query } from './query.ts'
import { type SearchOptions, type SearchPage, search } from './search.ts'

const width = 16

/** Where a page ended: at which type, and where in it. */
interface Place {
  at: number
  cursor?: string
}

const written = ({ at, cursor }: Place): string =>
  Buffer.from(JSON.stringify([at, cursor ?? ''])).toString('base64url')

const placeOf = (text: string | undefined, types: number): Place => {
  if (text === undefined) return { at: 0 }
  try {
    const [at, cursor]: unknown[] = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (Number.isInteger(at) && Number(at) >= 0 && Number(at) < types && typeof cursor === 'string')
      return cursor === '' ? { at: Number(at) } : { at: Number(at), cursor }
  } catch {}
  throw failure('invalid', 'The `_cursor` is not one that this server gave. Start without it.', '_cursor')
}

const sum = (pages: readonly SearchPage[]): number | undefined =>
  pages.reduce<number | undefined>(
    (total, page) => (total === undefined || page.total === undefined ? undefined : total + page.total),
    0,
  )

const distinct = (pages: readonly SearchPage[]): SearchPage['included'] => {
  const matches = new Set(pages.flatMap((page) => page.matches).map(({ type, id }) => `${type}/${id}`))
  const included = pages
    .flatMap((page) => page.included)
    .map((version) => [`${version.type}/${version.id}`, version] as const)
  return [...new Map(included.filter(([key]) => !matches.has(key))).values()]
}

/** Reads type after type, some at once, until the page is full. */
const pagesFrom = async (
  queries: readonly Query[],
  place: Place,
  options: SearchOptions,
): Promise<{ pages: SearchPage[]; next?: Place }> => {
  const pages: SearchPage[] = []
  let left = queries[0]?.count ?? 0
  const countOnly = queries[0]?.countOnly ?? false
  for (let from = place.at; from < queries.length; from += width) {
    const batch = queries.slice(from, from + width)
    const found = await inParallel(width, batch, (query) =>
      search(
        { ...query, ...(query === queries[place.at] && place.cursor && { cursor: place.cursor }) },
        options,
      ),
    )
    for (const [i, page] of found.entries()) {
      const at = from + i
      if (!countOnly && page.matches.length > left) {
        const again = await search(
          {
            ...(queries[at] as Query),
            count: left,
            ...(at === place.at && place.cursor && { cursor: place.cursor }),
          },
          options,
        )
        return left === 0
          ? { pages, next: at === place.at && place.cursor ? place : { at } }
          : { pages: [...pages, again], next: { at, ...(again.next && { cursor: again.next }) } }
      }
      pages.push(page)
      left -= page.matches.length
      if (page.next) return { pages, next: { at, cursor: page.next } }
      if (left === 0 && !countOnly && at + 1 < queries.length) return { pages, next: { at: at + 1 } }
    }
  }
  return { pages }
}

/** Returns one page of what several queries match, each of another type, in their order. */
export const searchSeveral = async (
  queries: readonly Query[],
  cursor: string | undefined,
  options: SearchOptions,
): Promise<SearchPage> => {
  const { pages, next } = await pagesFrom(queries, placeOf(cursor, queries.length), options)
  const [first] = pages
  const total = cursor === undefined && !next ? sum(pages) : undefined
  if (!first) throw failure('invalid', 'There is no type to search.', '_type')
  return {
    matches: pages.flatMap((page) => page.matches),
    included: distinct(pages),
    ...(next && { next: written(next) }),
    ...(total !== undefined && { total }),
    issues: pages.flatMap((page) => page.issues),
    explain: first.explain,
  }
}
