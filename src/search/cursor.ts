import { decodeCursor, encodeCursor } from '../fhir/json/cursor.ts'
import { type Failure, failure } from '../outcome/failure.ts'
import { hashOf } from '../store/keys.ts'
import type { Query } from './query.ts'

/** The end of a page: its order and the place in it. */
export interface Cursor {
  /** `type` for the order of the type's lists, `own:code` for a parameter's order, `keys` for sorted results. */
  readonly by: string
  readonly at: MatchPosition
  /** The chains lead over too many resources to be resolved, so that they are followed on every page. */
  readonly open?: true
  /** The page lies before the place rather than behind it. */
  readonly back?: true
  /** The page is the last page, whose place is not known yet. */
  readonly end?: true
}

/** A place in an order; among equals, ids ascend. */
export interface MatchPosition {
  readonly order: string
  readonly id: string
}

const unrelatedParameters = new Set([
  '_cursor',
  '_count',
  '_format',
  '_pretty',
  '_explain',
  '_elements',
  '_summary',
  '_total',
])

/** Returns a hash of the search and its order, which a cursor must share with its query. */
const fingerprint = ({ type, compartment = '', selfPairs }: Query): string =>
  hashOf(
    JSON.stringify([type, compartment, selfPairs.filter(([name]) => !unrelatedParameters.has(name))]),
  ).slice(0, 12)

const cursorFlags = ['open', 'back', 'end'] as const

/** Returns the cursor as opaque text. */
export const writeCursor = (query: Query, cursor: Cursor): string => {
  const { by, at } = cursor
  const set = cursorFlags.filter((flag) => cursor[flag])
  const parts = [fingerprint(query), by, at.order, at.id, ...set]
  return encodeCursor(parts)
}

/** Returns the cursor of a query's last page. */
export const lastCursor = (query: Query): string =>
  writeCursor(query, { by: '', at: { order: '', id: '' }, back: true, end: true })

/** The most bytes of a cursor's order: a key of the index has at most 1,024 bytes. */
const longestOrder = 1000

export const foreignCursor = (type: string): Failure =>
  failure(
    'invalid',
    'The `_cursor` does not belong to this search. Follow the `next` link as it was given, or start without it.',
    `${type}?_cursor`,
  )

/** Returns the cursor of a query; undefined if there is none. Fails with `invalid` for a cursor of a different query. */
export const readCursor = (query: Query): Cursor | undefined => {
  if (query.cursor === undefined) return undefined
  const [print, by, order, id, ...set] = cursorTexts(query.cursor)
  if (print !== fingerprint(query) || by === undefined || order === undefined || id === undefined) {
    throw foreignCursor(query.type)
  }
  if (by !== 'keys' && Buffer.byteLength(order) > longestOrder) throw foreignCursor(query.type)
  const present = cursorFlags.filter((flag) => set.includes(flag)).map((flag) => [flag, true])
  return { by, at: { order, id }, ...Object.fromEntries(present) }
}

const cursorTexts = (text: string): readonly string[] => {
  const parts = decodeCursor(text)
  return parts.every((part) => typeof part === 'string') ? parts : []
}

/** Returns whether a place lies behind a second place in the reading direction; backwards, ids descend among equals. */
export const isBehind = (
  place: MatchPosition,
  other: MatchPosition,
  reverse: boolean,
  back = false,
): boolean => {
  if (place.order === other.order) return back ? place.id < other.id : place.id > other.id
  return reverse ? place.order < other.order : place.order > other.order
}
