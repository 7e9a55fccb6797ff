import type { SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import type { RangeKind, ValueKind } from '../../store/keys.ts'
import type { Bounds } from '../plan/bounds.ts'
import type { SearchValue } from '../query.ts'

/** What the index remembers of a value that stands in a resource. */
export type Place =
  | { kind: 'value'; value: string; list: ValueKind; under?: string }
  | { kind: 'range'; low: string; high: string; list: RangeKind; under?: string }
  | { kind: 'text'; text: string }

/** Where in the index everything must stand that can match a searched value. */
export type Reach =
  | { kind: 'value'; value: string; list: ValueKind; under?: string }
  | { kind: 'range'; bounds: Bounds; list: RangeKind; under?: string }
  | { kind: 'text'; text: string }

/** What a searched value is read against. */
export interface Parsing {
  parameter: SearchParameter
  modifier: string
  base: string
  now: string
}

/** One modifier of one search type: how it reads its value, what matches, and where the index can narrow it. */
export interface Modifier<V extends SearchValue> {
  /** Reads the value in this modifier's own way. */
  parse?(text: string, parsing: Parsing): V | undefined
  /** What a good value looks like, for the message about a bad one. */
  expects?: string
  matches(wanted: V, found: TypedValue, base: string): boolean
  /** Returns where matches can stand; undefined where only reading the resources tells. */
  reach?(wanted: V): readonly Reach[] | undefined
  /** The clause holds where nothing matches. */
  negated?: true
}

/** Everything about one search type, so that what the index remembers and what matches cannot drift apart. */
export interface SearchRules<V extends SearchValue = SearchValue> {
  expects: string
  parse(text: string, parsing: Parsing): V | undefined
  places(found: TypedValue): readonly Place[]
  /** Text by which `_sort` orders values of this type; absent where they have no order. */
  sortKeys?(found: TypedValue): readonly string[]
  modifiers: Readonly<Record<string, Modifier<V>>>
  /** What only a `_filter` asks, by the names that `filter/operators.ts` gives. */
  operators?: Readonly<Record<string, Modifier<V>>>
  /** Modifiers that R4 defines and this server does not offer. */
  refused: readonly string[]
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Returns the value where it is a text that says something. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** Returns the value as a list: nothing, the one, or the many. */
export const many = (value: unknown): readonly unknown[] => {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}
