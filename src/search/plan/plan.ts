import { containerAt } from '../../fhir/contained.ts'
import { searchParameterOf } from '../index/lists.ts'
import { orderParameter } from '../index/order.ts'
import { type Clause, isInner, type Query, type SortKey, type ValueClause } from '../query.ts'
import { type Bounds, both } from './bounds.ts'
import { type Driver, driverOf, type RangeDriver, rangeDriver } from './drivers.ts'
import { facetsOf } from './passing.ts'
import { hull, reachesOf } from './reaches.ts'

/** What may drive a search; which of it does is decided by a look at the lists. */
export interface Plan {
  readonly type: string
  /** Resources inside others are sought, perhaps only those inside resources of one type. */
  readonly inner: boolean
  readonly within?: string
  /** Nothing can match. */
  readonly nothing: boolean
  /** Only these can match. */
  readonly ids?: readonly string[]
  readonly patient?: Driver
  readonly equal: readonly Driver[]
  readonly ranges: readonly RangeDriver[]
  /** What is known about the date that orders the type, and about the last change. */
  readonly bounds?: Bounds
  readonly changes?: Bounds
  /** Each set of facets of which a compartment's candidate must have one. */
  readonly facets: readonly ReadonlySet<number>[]
  readonly sort: Sorting
}

/** `type`: the order of the type's lists; `changed`: by last change, which has a list; `keys`: sorted here. */
export interface Sorting {
  readonly by: 'type' | 'changed' | 'keys'
  readonly descending: boolean
  /** Nothing was asked for, any order will do. */
  readonly free: boolean
}

/** More lists narrow hardly more, and each must be read. */
const mostDrivers = 8

/** Returns what may drive a query whose chains have been resolved. */
export const planQuery = (query: Query): Plan => {
  const { type, within } = query
  const inner = isInner(query)
  const all = query.clauses.flatMap((clause) => impliedBy(type, clause))
  const clauses = inner ? all.filter(hasInnerLists) : all
  const ids = idsOf(all, inner)
  const drivers = clauses.map((clause) => driverOf(type, clause)).filter((driver) => driver !== undefined)
  const patient = drivers.find(({ reads }) => reads.every(({ compartment }) => compartment))
  const bounds = boundsOf(orderParameter(type), clauses)
  const changes = boundsOf('_lastUpdated', clauses)
  return {
    type,
    inner,
    ...(within !== undefined && { within }),
    nothing: all.some(isHopeless) || (ids !== undefined && ids.size === 0),
    ...(ids && { ids: [...ids] }),
    ...(patient && { patient }),
    equal: drivers.filter((driver) => driver !== patient).slice(0, mostDrivers),
    ranges: clauses
      .flatMap((clause) => rangeDriver(type, clause))
      .sort((a, b) => b.rank - a.rank)
      .slice(0, mostDrivers),
    ...(bounds && { bounds }),
    ...(changes && { changes }),
    facets: clauses.map((clause) => facetsOf(type, clause)).filter((facets) => facets !== undefined),
    sort: sortingOf(type, query.sort),
  }
}

/** Returns a clause and what it says more: what it joins by `and`, each component of a composite, each word of a row. */
const impliedBy = (type: string, clause: Clause): readonly Clause[] => {
  if (clause.kind === 'all') return clause.clauses.flatMap((inner) => impliedBy(type, inner))
  if (clause.kind === 'words') return clause.words.map((word) => ({ ...clause, words: [word] }))
  return [clause, ...componentsOf(type, clause)]
}

/** A composite is driven by its components: each must match by itself. */
const componentsOf = (type: string, clause: Clause): readonly ValueClause[] => {
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

const isHopeless = (clause: Clause): boolean =>
  (clause.kind === 'linked' && clause.targets.size === 0) ||
  (clause.kind === 'any' && clause.clauses.length === 0)

/** Inside others, resources have no lists by words or by a tenant's own parameters. */
const hasInnerLists = (clause: Clause): boolean =>
  clause.kind !== 'words' &&
  !('parameter' in clause && clause.parameter.own) &&
  (!('clauses' in clause) || clause.clauses.every(hasInnerLists))

/** The ids that all clauses about ids leave; undefined where there is no such clause. */
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
const boundsOf = (code: string, clauses: readonly Clause[]): Bounds | undefined => {
  const dated = clauses
    .filter((clause) => clause.kind === 'value')
    .filter(({ parameter }) => parameter.code === code)
  const bounds = dated.map((clause) => hull(reachesOf(clause)?.flat())).filter((each) => each !== undefined)
  const [first, ...others] = bounds
  return first && others.reduce(both, first)
}
