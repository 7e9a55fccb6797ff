import { containerAt } from '../../fhir/contained.ts'
import { searchParameterOf } from '../index/lists.ts'
import { orderParameter } from '../index/order.ts'
import { type Clause, isInner, type Query, type SortKey, type ValueClause } from '../query.ts'
import { type Bounds, boundsOfBoth } from './bounds.ts'
import { type Driver, driverOf, type RangeDriver, rangeDriver } from './drivers.ts'
import { facetsOfClause } from './passing.ts'
import { hull, reachesOf } from './reaches.ts'

/** The possible drivers of a search; the choice is made after a look at the first pages of the lists. */
export interface SearchPlan {
  readonly type: string
  /** Set for a search of contained resources; `within` is the type of their containers, if only one counts. */
  readonly inner: boolean
  readonly within?: string
  /** Nothing can match. */
  readonly nothing: boolean
  /** Only these can match. */
  readonly ids?: readonly string[]
  readonly patient?: Driver
  readonly equal: readonly Driver[]
  readonly ranges: readonly RangeDriver[]
  /** The bounds of the date that orders the type, and of the last change. */
  readonly bounds?: Bounds
  readonly changes?: Bounds
  /** Sets of facets; a compartment's candidate must have a facet of each set. */
  readonly facets: readonly ReadonlySet<number>[]
  readonly sort: Sorting
}

/**
 * `type`: the order of the type's lists; `changed`: by last change, from a list; `keys`: sorted after
 * reading.
 */
export interface Sorting {
  readonly by: 'type' | 'changed' | 'keys'
  readonly descending: boolean
  /** Nothing was asked for, any order will do. */
  readonly free: boolean
}

/** More lists narrow hardly more, and each must be read. */
const mostDrivers = 8

/** Returns the possible drivers of a query without chains. */
export const planQuery = (query: Query): SearchPlan => {
  const { type, within } = query
  const inner = isInner(query)
  const all = query.clauses.flatMap((clause) => impliedBy(type, clause))
  const clauses = inner ? all.filter(hasInnerLists) : all
  const ids = idsOf(all, inner)
  const drivers = clauses.map((clause) => driverOf(type, clause)).filter((driver) => driver !== undefined)
  const patient = drivers.find(({ reads }) => reads.every(({ compartment }) => compartment))
  const bounds = dateBoundsOf(orderParameter(type), clauses)
  const changes = dateBoundsOf('_lastUpdated', clauses)
  return {
    type,
    inner,
    ...(within !== undefined && { within }),
    nothing: all.some(matchesNothing) || (ids !== undefined && ids.size === 0),
    ...(ids && { ids: [...ids] }),
    ...(patient && { patient }),
    equal: drivers.filter((driver) => driver !== patient).slice(0, mostDrivers),
    ranges: clauses
      .flatMap((clause) => rangeDriver(type, clause))
      .sort((a, b) => b.rank - a.rank)
      .slice(0, mostDrivers),
    ...(bounds && { bounds }),
    ...(changes && { changes }),
    facets: clauses.map((clause) => facetsOfClause(type, clause)).filter((facets) => facets !== undefined),
    sort: sortingOf(type, query.sort),
  }
}

/**
 * Returns a clause with the clauses that it implies: the parts of an `and`, the components of a composite,
 * the words of a phrase.
 */
const impliedBy = (type: string, clause: Clause): readonly Clause[] => {
  if (clause.kind === 'all') return clause.clauses.flatMap((inner) => impliedBy(type, inner))
  if (clause.kind === 'words') return clause.words.map((word) => ({ ...clause, words: [word] }))
  return [clause, ...componentClausesOf(type, clause)]
}

/** A composite is driven by its components: each must match by itself. */
const componentClausesOf = (type: string, clause: Clause): readonly ValueClause[] => {
  if (clause.kind !== 'value' || clause.parameter.type !== 'composite') return []
  const components = clause.parameter.components ?? []
  const parts = clause.parameter.own?.parts
  return components.flatMap(({ code }, i) => {
    const parameter = parts ? parts[i] : searchParameterOf(type, code)
    const values = clause.values.map((value) => (value.type === 'composite' ? value.parts[i] : undefined))
    return parameter
      ? [{ kind: 'value', modifier: '', parameter, values: values.filter((each) => each !== undefined) }]
      : []
  })
}

const sortingOf = (type: string, sort: readonly SortKey[]): Sorting => {
  const [first, second] = sort
  if (!first) return { by: 'type', descending: true, free: true }
  const { descending } = first
  if (second) return { by: 'keys', descending, free: false }
  if (first.parameter.code === orderParameter(type)) return { by: 'type', descending, free: false }
  return { by: first.parameter.code === '_lastUpdated' ? 'changed' : 'keys', descending, free: false }
}

const matchesNothing = (clause: Clause): boolean =>
  (clause.kind === 'linked' && clause.targets.size === 0) ||
  (clause.kind === 'any' && clause.clauses.length === 0)

/** Contained resources have no lists for words and custom parameters. */
const hasInnerLists = (clause: Clause): boolean =>
  clause.kind !== 'words' &&
  !('parameter' in clause && clause.parameter.own) &&
  (!('clauses' in clause) || clause.clauses.every(hasInnerLists))

/** Returns the ids that satisfy all clauses about ids; undefined without such a clause. */
const idsOf = (clauses: readonly Clause[], inner: boolean): ReadonlySet<string> | undefined => {
  const sets = clauses.map((clause) => idSet(clause, inner))
  const [first, ...others] = sets.filter((ids) => ids !== undefined)
  return first && new Set([...first].filter((id) => others.every((ids) => ids.has(id))))
}

const idSet = (clause: Clause, inner: boolean): ReadonlySet<string> | undefined => {
  if (clause.kind === 'any-of')
    return new Set([...clause.ids].filter((id) => (containerAt(id) !== undefined) === inner))
  if (inner || clause.kind !== 'value' || clause.parameter.code !== '_id' || clause.modifier !== '')
    return undefined
  const codes = clause.values.map((value) => (value.type === 'token' ? value.code : undefined))
  return new Set(codes.filter((code) => code !== undefined))
}

/** Returns the bounds that all clauses about a date leave. */
const dateBoundsOf = (code: string, clauses: readonly Clause[]): Bounds | undefined => {
  const dated = clauses
    .filter((clause) => clause.kind === 'value')
    .filter(({ parameter }) => parameter.code === code)
  const bounds = dated.map((clause) => hull(reachesOf(clause)?.flat())).filter((each) => each !== undefined)
  const [first, ...others] = bounds
  return first && others.reduce(boundsOfBoth, first)
}
