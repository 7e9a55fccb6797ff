import type { SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import type { RangeKind, ValueKind } from '../../store/keys.ts'
import type { Bounds } from '../plan/bounds.ts'
import type { SearchValue } from '../query.ts'

/** A place in the index under which a value of a resource is found. */
export type IndexPlace =
  | { kind: 'value'; value: string; list: ValueKind; under?: string }
  | { kind: 'range'; low: string; high: string; list: RangeKind; under?: string }
  | { kind: 'text'; text: string }

/** The places of the index that together hold every match of a searched value. */
export type Reach =
  | { kind: 'value'; value: string; list: ValueKind; under?: string }
  | { kind: 'range'; bounds: Bounds; list: RangeKind; under?: string }
  | { kind: 'text'; text: string }

/** The parameter, modifier, base and instant that the text of a searched value is parsed with. */
export interface Parsing {
  parameter: SearchParameter
  modifier: string
  base: string
  now: string
}

/**
 * One modifier of one search type: how its value is parsed, when a value matches, and which places of the
 * index hold the matches.
 */
export interface Modifier<V extends SearchValue> {
  /** Reads the value in this modifier's own way. */
  parse?(text: string, parsing: Parsing): V | undefined
  /** The expected form of a value, for the message about a wrong value. */
  expects?: string
  matches(wanted: V, found: TypedValue, base: string): boolean
  /** Returns the places that hold the matches; undefined if only reading the resources finds them. */
  reach?(wanted: V): readonly Reach[] | undefined
  /** The clause holds where nothing matches. */
  negated?: true
}

/** The rules of one search type, for indexing and for matching, so that the two cannot drift apart. */
export interface SearchRules<V extends SearchValue = SearchValue> {
  expects: string
  parse(text: string, parsing: Parsing): V | undefined
  places(found: TypedValue): readonly IndexPlace[]
  /** Returns the texts by which `_sort` orders values of this type; absent for types without an order. */
  sortKeys?(found: TypedValue): readonly string[]
  modifiers: Readonly<Record<string, Modifier<V>>>
  /** The operators that only `_filter` has, under the names of `filter/operators.ts`. */
  operators?: Readonly<Record<string, Modifier<V>>>
  /** Modifiers that R4 defines and this server does not offer. */
  refused: readonly string[]
}

/** Returns a value that is a text with at least one character. */
export const nonEmptyText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** Returns the value as a list: empty for a missing value, an array as it is. */
export const listOf = (value: unknown): readonly unknown[] => {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}
