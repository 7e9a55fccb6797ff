import { decodeCursor, encodeCursor } from '../fhir/json/cursor.ts'
import { type Failure, failure } from '../outcome/failure.ts'
import { hashOf } from '../store/keys.ts'
import type { Query } from './query.ts'

/** Where a page ended: in which order, behind which place, and of which query. */
export interface Cursor {
  /** `type` for the order of the type's lists, `own:code` for a parameter's own, `keys` for sorted results. */
  readonly by: string
  readonly at: Place
  /** The chains lead over too much to be resolved, so that they are followed on every page. */
  readonly open?: true
  /** The page lies before the place, not behind it. */
  readonly back?: true
  /** The page is the last one: there is no place yet. */
  readonly end?: true
}

/** A place in the order; among equals, ids ascend. */
export interface Place {
  readonly order: string
  readonly id: string
}

const unrelated = new Set([
  '_cursor',
  '_count',
  '_format',
  '_pretty',
  '_explain',
  '_elements',
  '_summary',
  '_total',
])

/** What must be the same for a cursor to go on from: what is searched, and in which order. */
const fingerprint = ({ type, compartment = '', selfPairs }: Query): string =>
  hashOf(JSON.stringify([type, compartment, selfPairs.filter(([name]) => !unrelated.has(name))])).slice(0, 12)

const flags = ['open', 'back', 'end'] as const

/** Returns the cursor as opaque text. */
export const writeCursor = (query: Query, cursor: Cursor): string => {
  const { by, at } = cursor
  const set = flags.filter((flag) => cursor[flag])
  const parts = [fingerprint(query), by, at.order, at.id, ...set]
  return encodeCursor(parts)
}

/** Returns the cursor that leads to the last page of a query. */
export const lastCursor = (query: Query): string =>
  writeCursor(query, { by: '', at: { order: '', id: '' }, back: true, end: true })

/** What stands in a key of the index has 1,024 bytes at the most, and so has what it is compared with. */
const longestOrder = 1000

export const foreignCursor = (type: string): Failure =>
  failure(
    'invalid',
    'The `_cursor` does not belong to this search. Follow the `next` link as it was given, or start without it.',
    `${type}?_cursor`,
  )

/** Returns the cursor of a query; undefined where it has none. Fails where it is not one of this query's. */
export const readCursor = (query: Query): Cursor | undefined => {
  if (query.cursor === undefined) return undefined
  const [print, by, order, id, ...set] = textsOf(query.cursor)
  if (print !== fingerprint(query) || by === undefined || order === undefined || id === undefined) {
    throw foreignCursor(query.type)
  }
  if (by !== 'keys' && Buffer.byteLength(order) > longestOrder) throw foreignCursor(query.type)
  const present = flags.filter((flag) => set.includes(flag)).map((flag) => [flag, true])
  return { by, at: { order, id }, ...Object.fromEntries(present) }
}

const textsOf = (text: string): readonly string[] => {
  const parts = decodeCursor(text)
  return parts.every((part) => typeof part === 'string') ? parts : []
}

/** Returns whether a place lies behind another in the reading direction; going back, ids descend among equals. */
export const isBehind = (place: Place, other: Place, reverse: boolean, back = false): boolean => {
  if (place.order === other.order) return back ? place.id < other.id : place.id > other.id
  return reverse ? place.order < other.order : place.order > other.order
}
