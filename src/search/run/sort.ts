/** https://hl7.org/fhir/R4/search.html#sort */

import { foreignCursor, type Place } from '../cursor.ts'
import type { SortKey } from '../query.ts'
import type { Read } from '../scope.ts'
import { rulesOfType } from '../types/index.ts'
import { candidateOf, valuesOf } from './match.ts'

/** A match with the texts it is sorted by; the order of a place holds them as JSON. */
interface Sortable {
  read: Read
  place: Place
}

/** Returns matches sorted by several keys; those without a value stand lowest, ids decide among equals. */
export const sortReads = (reads: readonly Read[], sort: readonly SortKey[]): readonly Sortable[] =>
  reads
    .map((read) => ({ read, place: { order: sortKeyOf(read, sort), id: candidateOf(read.resource) } }))
    .sort((a, b) => placeByKeys(sort, a.place, b.place))

/** Returns what a match is sorted by, as the order of its place. */
export const sortKeyOf = (read: Read, sort: readonly SortKey[]): string => JSON.stringify(keysOf(read, sort))

/** Ascending, a resource counts by its lowest value; descending, by its highest. */
const keysOf = ({ resource }: Read, sort: readonly SortKey[]): readonly (string | null)[] =>
  sort.map(({ parameter, descending }) => {
    const rules = rulesOfType(parameter.type)
    const keys = valuesOf(resource, parameter)
      .flatMap((value) => rules?.sortKeys?.(value) ?? [])
      .toSorted()
    return keys.at(descending ? -1 : 0) ?? null
  })

/** Compares two places by their keys. */
export const placeByKeys = (sort: readonly SortKey[], a: Place, b: Place): number => {
  const [left, right] = [a, b].map(({ order }) => keysIn(order))
  for (const [i, { descending }] of sort.entries()) {
    const compared = compareKeys(left?.[i] ?? null, right?.[i] ?? null)
    if (compared !== 0) return descending ? -compared : compared
  }
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1
}

/** The order of a cursor that was tampered with may hold anything. */
const keysIn = (order: string): readonly (string | null)[] => {
  try {
    const keys: unknown = JSON.parse(order)
    return Array.isArray(keys) ? keys : []
  } catch {
    throw foreignCursor('')
  }
}

const compareKeys = (a: string | null, b: string | null): number => {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? -1 : 1
  return a < b ? -1 : 1
}
