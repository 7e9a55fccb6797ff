import type { SearchParameter } from '../fhir/definitions.ts'

/** A search as frozen data: parsed once, then only read. https://hl7.org/fhir/R4/search.html */
export interface Query {
  readonly type: string
  /** The compartment to search: `Patient/1`. */
  readonly compartment?: string
  /** The service base, which distinguishes local absolute links from foreign links. */
  readonly base: string
  /** The clauses, all of which must be satisfied. */
  readonly clauses: readonly Clause[]
  readonly sort: readonly SortKey[]
  readonly count: number
  readonly total: TotalMode
  /** Only the number of matches is asked for. */
  readonly countOnly: boolean
  readonly includes: readonly Inclusion[]
  readonly revincludes: readonly Inclusion[]
  /** Whether contained resources are searched: instead of separate resources, or beside them. */
  readonly contained: 'false' | 'true' | 'both'
  /** Whether the container or the contained resource is returned for a contained match. */
  readonly containedType: 'container' | 'contained'
  /** The type of the containers to search; absent for any type. */
  readonly within?: string
  /** Containers that match by themselves are left out, since a search before has returned them. */
  readonly besides?: true
  readonly cursor?: string
  readonly explain: boolean
  /** The understood parameters, in the order of the request, for the self link. */
  readonly selfPairs: readonly Pair[]
  /** The tenant's custom search parameters, if the query may need them. */
  readonly own?: SearchableParameters
}

/** A tenant's custom search parameters that are ready, and the messages for parameters that are not ready. */
export interface SearchableParameters {
  of(type: string): ReadonlyMap<string, SearchParameter>
  pending(type: string, code: string): string | undefined
}

export type Pair = readonly [name: string, value: string]
/** `known`: not asked for, so that the total is returned only if it costs nothing. */
export type TotalMode = 'none' | 'estimate' | 'accurate' | 'known'

export type Clause =
  | ValueClause
  | MissingClause
  | ChainClause
  | HasClause
  | LinkedClause
  | AnyOfClause
  | WordsClause
  | NestedClause

/** `code=a,b`: one of the values must match. */
export interface ValueClause {
  readonly kind: 'value'
  readonly parameter: SearchParameter
  /** A row of the search type's modifiers; the empty name is the default meaning. */
  readonly modifier: string
  readonly values: readonly SearchValue[]
}

/** `code:missing=true` */
export interface MissingClause {
  readonly kind: 'missing'
  readonly parameter: SearchParameter
  readonly missing: boolean
}

/** `subject:Patient.name=peter`: resolved to a `linked` clause before matching. */
export interface ChainClause {
  readonly kind: 'chain'
  readonly parameter: SearchParameter
  readonly targets: readonly ChainTarget[]
}

/** The rest of a chain, for a type that the link may point to. */
export interface ChainTarget {
  readonly type: string
  readonly clause: Clause
}

/** `_has:Observation:patient:code=1234-5`: resolved to an `any-of` clause before matching. */
export interface HasClause {
  readonly kind: 'has'
  readonly type: string
  readonly parameter: SearchParameter
  readonly clause: Clause
}

/**
 * The link must point to one of the addresses: `Patient/1`, `#MedicationRequest/1#m1` of a contained resource, or a
 * canonical address.
 */
export interface LinkedClause {
  readonly kind: 'linked'
  readonly parameter: SearchParameter
  readonly targets: ReadonlySet<string>
  /** Conditions for targets inside the searched resource itself. */
  readonly inside?: readonly ChainTarget[]
}

/** The resource's id, or a contained resource's address, must be among the ids. */
export interface AnyOfClause {
  readonly kind: 'any-of'
  readonly ids: ReadonlySet<string>
}

/** The words must be adjacent in a text: of the narrative (`_text`) or of all texts (`_content`). */
export interface WordsClause {
  readonly kind: 'words'
  readonly scope: 'narrative' | 'content'
  readonly words: readonly string[]
}

/** Clauses joined by `or` or `and`, or negated, as in `_filter`. */
export interface NestedClause {
  readonly kind: 'any' | 'all' | 'none'
  readonly clauses: readonly Clause[]
}

export interface SortKey {
  readonly parameter: SearchParameter
  readonly descending: boolean
}

/** `Observation:subject:Patient`, or `*` for every link. */
export interface Inclusion {
  readonly type: string
  readonly code: string
  readonly target?: string
  readonly iterate: boolean
}

export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap'

export type SearchValue =
  | TokenValue
  | ReferenceValue
  | DateValue
  | StringValue
  | NumberValue
  | QuantityValue
  | UriValue
  | NearValue
  | CompositeValue

/** Codes by system. */
export type SearchedCodes = ReadonlyMap<string, ReadonlySet<string>>

/** `system|code`; the system `''` means that there must be no system, an absent part that any will do. */
export interface TokenValue {
  readonly type: 'token'
  readonly system?: string
  readonly code?: string
  /** The code in the form of a case-insensitive index list, if that differs. */
  readonly folded?: string
  /** The third part of `:of-type`. */
  readonly value?: string
  /** The value set that `:in` and `:not-in` name. */
  readonly set?: string
  /** The codes of the value set, or above or below the code, by the terminology. */
  readonly codes?: SearchedCodes
  /** For code systems that are loaded in part: codes that are known not to be meant. */
  readonly others?: SearchedCodes
}

/** A local resource by id and perhaps type, or a foreign address. */
export interface ReferenceValue {
  readonly type: 'reference'
  readonly target?: string
  readonly id?: string
  readonly url?: string
  readonly version?: string
  /** The identifier of `:identifier`. */
  readonly identifier?: TokenValue
}

/** Both ends are inclusive UTC instants. */
export interface DateValue {
  readonly type: 'date'
  readonly prefix: Prefix
  readonly low: string
  readonly high: string
}

/** `text` is normalised, `raw` is the original text. */
export interface StringValue {
  readonly type: 'string'
  readonly text: string
  readonly raw: string
}

/** Sortable decimals: `at` is the number itself, [low, high) its range by its precision. */
export interface NumberValue {
  readonly type: 'number'
  readonly prefix: Prefix
  readonly at: string
  readonly low: string
  readonly high: string
}

/** A number with a unit: `system` and `code` as in a token; without a system, `code` may also be the unit's text. */
export interface QuantityValue extends Omit<NumberValue, 'type'> {
  readonly type: 'quantity'
  readonly system?: string
  readonly code?: string
  /** The same quantity in base units, if the unit is a UCUM unit. */
  readonly measured?: Omit<NumberValue, 'type'> & { readonly dimension: string }
}

export interface UriValue {
  readonly type: 'uri'
  readonly uri: string
}

/** A point in degrees, and the distance from it. */
export interface NearValue {
  readonly type: 'near'
  readonly latitude: number
  readonly longitude: number
  readonly metres: number
}

/** A value for each component, in the parameter's order. */
export interface CompositeValue {
  readonly type: 'composite'
  readonly parts: readonly SearchValue[]
}

/** Returns whether a query has unresolved chains. */
export const isOpen = ({ clauses }: { readonly clauses: readonly Clause[] }): boolean =>
  clauses.some(
    (clause) => clause.kind === 'chain' || clause.kind === 'has' || ('clauses' in clause && isOpen(clause)),
  )

/** Returns whether a query searches contained resources. */
export const isInner = ({ contained }: Pick<Query, 'contained'>): boolean => contained === 'true'

/** Returns the queries that together answer a query: for separate resources, then for contained resources. */
export const containedVariants = (query: Query): readonly Query[] =>
  query.contained === 'both'
    ? [
        { ...query, contained: 'false' },
        { ...query, contained: 'true', besides: true },
      ]
    : [query]
