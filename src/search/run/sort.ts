/** https://hl7.org/fhir/R4/search.html#sort */

import { foreignCursor, type MatchPosition } from '../cursor.ts'
import type { SortKey } from '../query.ts'
import type { Read } from '../scope.ts'
import { rulesOfType } from '../types/index.ts'
import { candidateOf, valuesOf } from './match.ts'
import type { PlacedMatch } from './progress.ts'

/** Returns matches sorted by several keys; matches without a value are lowest, and ids decide among equals. */
export const sortReads = (reads: readonly Read[], sort: readonly SortKey[]): readonly PlacedMatch[] =>
  reads
    .map((read) => ({ read, place: { order: sortKeyOf(read, sort), id: candidateOf(read.resource) } }))
    .sort((a, b) => placeByKeys(sort, a.place, b.place))

/** Returns the sort keys of a match as the order of its place, in JSON. */
export const sortKeyOf = (read: Read, sort: readonly SortKey[]): string => JSON.stringify(keysOf(read, sort))

/** Returns the sort keys of a resource: ascending its lowest value, descending its highest. */
const keysOf = ({ resource }: Read, sort: readonly SortKey[]): readonly (string | null)[] =>
  sort.map(({ parameter, descending }) => {
    const rules = rulesOfType(parameter.type)
    const keys = valuesOf(resource, parameter)
      .flatMap((value) => rules?.sortKeys?.(value) ?? [])
      .toSorted()
    return keys.at(descending ? -1 : 0) ?? null
  })

/** Compares two places by their sort keys. */
export const placeByKeys = (sort: readonly SortKey[], a: MatchPosition, b: MatchPosition): number => {
  const [left, right] = [a, b].map(({ order }) => keysIn(order))
  for (const [i, { descending }] of sort.entries()) {
    const compared = compareKeys(left?.[i] ?? null, right?.[i] ?? null)
    if (compared !== 0) return descending ? -compared : compared
  }
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1
}

/** Returns the sort keys in a cursor's order; fails with `invalid` for an order that was tampered with. */
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
