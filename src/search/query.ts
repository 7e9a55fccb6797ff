import type { SearchParameter } from '../fhir/definitions.ts'

/** A search as frozen data: parsed once, then only read. https://hl7.org/fhir/R4/search.html */
export interface Query {
  readonly type: string
  /** The compartment that is searched: `Patient/1`. */
  readonly compartment?: string
  /** The service base, which tells own absolute links from foreign ones. */
  readonly base: string
  /** All of them must hold. */
  readonly clauses: readonly Clause[]
  readonly sort: readonly SortKey[]
  readonly count: number
  readonly total: Total
  /** Only the number of matches is wanted. */
  readonly countOnly: boolean
  readonly includes: readonly Inclusion[]
  readonly revincludes: readonly Inclusion[]
  /** Whether resources inside others are sought instead of those that stand by themselves, or beside them. */
  readonly contained: 'false' | 'true' | 'both'
  /** What is told of a match inside another. */
  readonly containedType: 'container' | 'contained'
  /** Only inside resources of this type is anything sought. */
  readonly within?: string
  /** A container that matches by itself has been told already. */
  readonly besides?: true
  readonly cursor?: string
  readonly explain: boolean
  /** The parameters that were understood, in the order they came: what the self link says. */
  readonly selfPairs: readonly Pair[]
  /** The tenant's own search parameters, where the query may need them. */
  readonly own?: OwnParameters
}

/** A tenant's own search parameters that can be searched by, and what is to be said of those that cannot yet. */
export interface OwnParameters {
  of(type: string): ReadonlyMap<string, SearchParameter>
  pending(type: string, code: string): string | undefined
}

export type Pair = readonly [name: string, value: string]
/** `known`: nothing was asked for, so it is told where it costs nothing. */
export type Total = 'none' | 'estimate' | 'accurate' | 'known'

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
  /** A row of the search type's modifiers; the empty one is the default meaning. */
  readonly modifier: string
  readonly values: readonly SearchValue[]
}

/** `code:missing=true` */
export interface MissingClause {
  readonly kind: 'missing'
  readonly parameter: SearchParameter
  readonly missing: boolean
}

/** `subject:Patient.name=peter`: before it can be judged, it is resolved to a `linked` clause. */
export interface ChainClause {
  readonly kind: 'chain'
  readonly parameter: SearchParameter
  readonly targets: readonly ChainTarget[]
}

/** The rest of a chain, seen from one type the link may point to. */
export interface ChainTarget {
  readonly type: string
  readonly clause: Clause
}

/** `_has:Observation:patient:code=1234-5`: resolved to an `any-of` clause before it can be judged. */
export interface HasClause {
  readonly kind: 'has'
  readonly type: string
  readonly parameter: SearchParameter
  readonly clause: Clause
}

/** The link must point to one of these addresses: `Patient/1`, `#MedicationRequest/1#m1` inside another, or a canonical one. */
export interface LinkedClause {
  readonly kind: 'linked'
  readonly parameter: SearchParameter
  readonly targets: ReadonlySet<string>
  /** What else it may point to inside the resource itself. */
  readonly inside?: readonly ChainTarget[]
}

/** The resource's id, or its address inside another, must be one of these. */
export interface AnyOfClause {
  readonly kind: 'any-of'
  readonly ids: ReadonlySet<string>
}

/** The words must stand in a row in one text: of the narrative (`_text`) or of all that is read (`_content`). */
export interface WordsClause {
  readonly kind: 'words'
  readonly scope: 'narrative' | 'content'
  readonly words: readonly string[]
}

/** Clauses joined by `or`, or one negated: what `_filter` is made of. */
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
export type Codes = ReadonlyMap<string, ReadonlySet<string>>

/** `system|code`; a system of `''` means that there must be none, an absent part that it does not matter. */
export interface TokenValue {
  readonly type: 'token'
  readonly system?: string
  readonly code?: string
  /** The code as the index lists it where case does not matter, where that is another text. */
  readonly folded?: string
  /** The third part of `:of-type`. */
  readonly value?: string
  /** The value set that `:in` and `:not-in` name. */
  readonly set?: string
  /** The codes that terminology tells for it, or for what lies above or below a code. */
  readonly codes?: Codes
  /** Of code systems that are held in part: their codes that are known to be others. */
  readonly others?: Codes
}

/** Our own resource by id and perhaps type, or an address elsewhere. */
export interface ReferenceValue {
  readonly type: 'reference'
  readonly target?: string
  readonly id?: string
  readonly url?: string
  readonly version?: string
  /** What `:identifier` asks for. */
  readonly identifier?: TokenValue
}

/** Both ends are inclusive UTC instants. */
export interface DateValue {
  readonly type: 'date'
  readonly prefix: Prefix
  readonly low: string
  readonly high: string
}

/** `text` is normalised, `raw` as it came. */
export interface StringValue {
  readonly type: 'string'
  readonly text: string
  readonly raw: string
}

/** Sortable decimals: `at` is the number itself, [low, high) the range it stands for at its precision. */
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
  /** The same in base units, where the unit is one of UCUM's. */
  readonly measured?: Omit<NumberValue, 'type'> & { readonly dimension: string }
}

export interface UriValue {
  readonly type: 'uri'
  readonly uri: string
}

/** A place in degrees, and how far from it. */
export interface NearValue {
  readonly type: 'near'
  readonly latitude: number
  readonly longitude: number
  readonly metres: number
}

/** One value for each component, in the parameter's order. */
export interface CompositeValue {
  readonly type: 'composite'
  readonly parts: readonly SearchValue[]
}

/** Returns whether chains are left in a query. */
export const isOpen = ({ clauses }: { readonly clauses: readonly Clause[] }): boolean =>
  clauses.some(
    (clause) => clause.kind === 'chain' || clause.kind === 'has' || ('clauses' in clause && isOpen(clause)),
  )

/** Returns whether a query seeks resources inside others. */
export const isInner = ({ contained }: Pick<Query, 'contained'>): boolean => contained === 'true'

/** Returns the queries that together answer one: of what stands by itself, then of what is inside others. */
export const containedVariants = (query: Query): readonly Query[] =>
  query.contained === 'both'
    ? [
        { ...query, contained: 'false' },
        { ...query, contained: 'true', besides: true },
      ]
    : [query]
