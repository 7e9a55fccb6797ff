import {
  lastUpdatedList,
  patientList,
  rangeList,
  sideList,
  stringList,
  typeList,
  valueList,
} from '../store/keys.ts'
import type { List } from '../store/port.ts'
import {
  type Bounds,
  both,
  either,
  mainWindow,
  numberScale,
  type Scale,
  sideWindows,
  timeScale,
} from './bounds.ts'
import { facetOf } from './facets.ts'
import { compartmentSources, parameterOf, sourcesOf } from './lists.ts'
import { orderParameter } from './order.ts'
import type {
  Clause,
  LinkedClause,
  Query,
  ReferenceValue,
  SearchValue,
  SortKey,
  ValueClause,
} from './query.ts'
import type { Stretch } from './streams.ts'
import { rulesOf } from './types/index.ts'
import type { Reach } from './types/rules.ts'

/** Lists that together hold every match of one clause, in the order of the type. */
export interface Driver {
  readonly name: string
  readonly reads: readonly Read[]
}

/** A list in the order of the type; `compartment` where its orders begin with the type and it has side lists. */
export interface Read {
  readonly list: List
  readonly compartment: boolean
}

/** Stretches that together hold every match of one clause, in the order of the clause's own values. */
export interface RangeDriver {
  readonly name: string
  readonly code: string
  readonly stretches: readonly Stretch[]
  /** The same in the side lists, for long intervals that begin before the stretches do. */
  readonly sides: readonly Stretch[]
  /** Of two drivers the one with the higher rank is expected to be the shorter. */
  readonly rank: number
}

/** What may drive a search; which of it does is decided by a look at the lists. */
export interface Plan {
  readonly type: string
  /** Nothing can match. */
  readonly nothing: boolean
  /** Only these can match. */
  readonly ids?: readonly string[]
  readonly patient?: Driver
  readonly equal: readonly Driver[]
  readonly ranges: readonly RangeDriver[]
  /** What is known about the date that orders the type. */
  readonly bounds?: Bounds
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

/** Returns what may drive a query whose chains have been resolved. */
export const planQuery = (query: Query): Plan => {
  const { type } = query
  const clauses = query.clauses.flatMap((clause) => [clause, ...impliedBy(type, clause)])
  const ids = idsOf(clauses)
  const drivers = clauses.map((clause) => driverOf(type, clause)).filter((driver) => driver !== undefined)
  const patient = drivers.find(({ reads }) => reads.every(({ compartment }) => compartment))
  const bounds = orderBounds(type, clauses)
  return {
    type,
    nothing: clauses.some(isHopeless) || (ids !== undefined && ids.size === 0),
    ...(ids && { ids: [...ids] }),
    ...(patient && { patient }),
    equal: drivers.filter((driver) => driver !== patient),
    ranges: clauses.flatMap((clause) => rangeDriver(type, clause)).sort((a, b) => b.rank - a.rank),
    ...(bounds && { bounds }),
    facets: clauses.map((clause) => facetsOf(type, clause)).filter((facets) => facets !== undefined),
    sort: sortingOf(type, query.sort),
  }
}

/** A composite is driven by its components: each must match by itself. */
const impliedBy = (type: string, clause: Clause): readonly ValueClause[] => {
  if (clause.kind !== 'value' || clause.parameter.type !== 'composite') return []
  const components = clause.parameter.components ?? []
  return components.flatMap(({ code }, i) => {
    const parameter = parameterOf(type, code)
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

const isHopeless = (clause: Clause): boolean => clause.kind === 'linked' && clause.targets.size === 0

/** The ids that all clauses about ids leave; undefined where there is no such clause. */
const idsOf = (clauses: readonly Clause[]): ReadonlySet<string> | undefined => {
  const [first, ...others] = clauses.map(idSet).filter((ids) => ids !== undefined)
  return first && new Set([...first].filter((id) => others.every((ids) => ids.has(id))))
}

const idSet = (clause: Clause): ReadonlySet<string> | undefined => {
  if (clause.kind === 'any-of') return clause.ids
  if (clause.kind !== 'value' || clause.parameter.code !== '_id' || clause.modifier !== '') return undefined
  const codes = clause.values.map((value) => (value.type === 'token' ? value.code : undefined))
  return new Set(codes.filter((code) => code !== undefined))
}

/** How many linked resources may each contribute a list of their own. */
const mostLinked = 500

const driverOf = (type: string, clause: Clause): Driver | undefined => {
  const reads =
    clause.kind === 'linked' ? linkedReads(type, clause) : clause.kind === 'value' && valueReads(type, clause)
  if (!reads || reads.length === 0 || !('parameter' in clause)) return undefined
  const distinct = [...new Map(reads.map((read) => [read.list.name, read])).values()]
  return { name: clause.parameter.code, reads: distinct }
}

const linkedReads = (type: string, { parameter, targets }: LinkedClause): readonly Read[] | undefined => {
  if (targets.size > mostLinked) return undefined
  return [...targets].flatMap((key) => {
    const [target, id] = key.split('/') as [string, string]
    return sourcesOf(parameter).flatMap((code) => linkReads(type, code, { type: 'reference', target, id }))
  })
}

const valueReads = (type: string, clause: ValueClause): readonly Read[] | undefined => {
  const reaches = reachesOf(clause)
  if (!reaches) return undefined
  const reads = clause.values.flatMap((value, i) =>
    sourcesOf(clause.parameter).flatMap((code) =>
      (reaches[i] ?? []).flatMap((reach) => equalReads(type, code, value, reach)),
    ),
  )
  return reaches.flat().every((reach) => reach.kind === 'value') ? reads : undefined
}

/** Where each of a clause's values can stand; undefined where one of them could stand anywhere. */
const reachesOf = ({
  parameter,
  modifier,
  values,
}: ValueClause): readonly (readonly Reach[])[] | undefined => {
  const row = rulesOf(parameter.type)?.modifiers[modifier]
  const reaches = values.map((value) => row?.reach?.(value))
  return parameter.code !== '_id' && reaches.every((reach) => reach !== undefined) ? reaches : undefined
}

const equalReads = (type: string, code: string, value: SearchValue, reach: Reach): readonly Read[] => {
  if (reach.kind !== 'value') return []
  if (value.type === 'reference' && reach.under === undefined) return linkReads(type, code, value)
  return [plainRead(type, `${code}${reach.under ?? ''}`, reach.value, reach.list)]
}

const plainRead = (...parts: Parameters<typeof valueList>): Read => ({
  list: valueList(...parts),
  compartment: false,
})

/** A link to a patient stands in the compartment, any other in its own list; without a type it may be either. */
const linkReads = (type: string, code: string, { target, id, url }: ReferenceValue): readonly Read[] => {
  const own = plainRead(type, code, url ?? id ?? '', 'reference')
  if (!compartmentSources(type).has(code)) return [own]
  const patient = id ?? /\/Patient\/([^/]+)/.exec(url ?? '')?.[1]
  if (patient === undefined || (target !== undefined && target !== 'Patient')) return [own]
  const compartment = { list: patientList(patient), compartment: true }
  return target === 'Patient' || url !== undefined || !mayPointBeyond(type, code)
    ? [compartment]
    : [compartment, own]
}

const mayPointBeyond = (type: string, code: string): boolean => {
  const targets = parameterOf(type, code)?.targets
  return targets?.length !== 1 || targets[0] !== 'Patient'
}

const rangeDriver = (type: string, clause: Clause): readonly RangeDriver[] => {
  if (clause.kind !== 'value' || isOrderDate(type, clause)) return []
  const reaches = reachesOf(clause)?.flat()
  if (!reaches || reaches.length === 0) return []
  const { code } = clause.parameter
  const sources = sourcesOf(clause.parameter)
  if (sources.includes(orderParameter(type)) || reaches.some(({ kind }) => kind === 'value')) return []
  const parts = sources.flatMap((source) => joined(reaches).map((reach) => stretchesOf(type, source, reach)))
  const stretches = parts.flatMap(({ main }) => main)
  return [{ name: code, code, stretches, sides: parts.flatMap(({ sides }) => sides), rank: rankOf(reaches) }]
}

/** Ranges are read as one that spans them all, so that what lies in the side lists lies before the rest. */
const joined = (reaches: readonly Reach[]): readonly Reach[] => {
  const bounds = hull(reaches)
  const [range] = reaches.filter((reach) => reach.kind === 'range')
  return bounds && range ? [{ ...range, bounds }] : reaches
}

/** A text narrows by its length, a range by having both ends. */
const rankOf = (reaches: readonly Reach[]): number =>
  Math.min(
    ...reaches.map((reach) => {
      if (reach.kind === 'text') return reach.text.length
      if (reach.kind === 'range')
        return reach.bounds.from !== undefined && reach.bounds.to !== undefined ? 3 : 0
      return 0
    }),
  )

const stretchesOf = (type: string, code: string, reach: Reach): { main: Stretch[]; sides: Stretch[] } => {
  if (reach.kind === 'value') return { main: [], sides: [] }
  if (reach.kind === 'text') return { main: [textStretch(type, code, reach.text)], sides: [] }
  const list = rangeList(type, code, reach.list)
  return windowsOf(list, '', reach.bounds, reach.list === 'date' ? timeScale : numberScale)
}

const textStretch = (type: string, code: string, text: string): Stretch => ({
  list: stringList(type, code, text.charAt(0)),
  prefix: '',
  from: text,
  before: `${text}\uffff`,
})

/** Returns the stretches of a list that bounds leave, and those of its side lists. */
const windowsOf = (
  list: List,
  prefix: string,
  bounds: Bounds,
  scale: Scale,
): { main: Stretch[]; sides: Stretch[] } => {
  const main = mainWindow(bounds, scale)
  return {
    main: main ? [{ list, prefix, ...main }] : [],
    sides: sideWindows(bounds, scale).map(({ side, ...window }) => ({
      list: side ? sideList(list, side) : list,
      prefix,
      ...window,
    })),
  }
}

/** Whether a clause is about the date that orders the type's lists. */
const isOrderDate = (type: string, { parameter }: ValueClause): boolean =>
  parameter.code === orderParameter(type)

const orderBounds = (type: string, clauses: readonly Clause[]): Bounds | undefined => {
  const dated = clauses
    .filter((clause) => clause.kind === 'value')
    .filter((clause) => isOrderDate(type, clause))
  const bounds = dated.map((clause) => hull(reachesOf(clause)?.flat())).filter((each) => each !== undefined)
  const [first, ...others] = bounds
  return first && others.reduce(both, first)
}

const hull = (reaches: readonly Reach[] | undefined): Bounds | undefined => {
  const bounds = reaches?.flatMap((reach) => (reach.kind === 'range' ? [reach.bounds] : []))
  const [first, ...others] = bounds ?? []
  return first && others.reduce(either, first)
}

const facetsOf = (type: string, clause: Clause): ReadonlySet<number> | undefined => {
  if (clause.kind === 'linked') return linkedFacets(type, clause)
  if (clause.kind !== 'value') return undefined
  const reaches = reachesOf(clause)
  if (!reaches || !sourcesOf(clause.parameter).every((code) => hasFacets(type, code))) return undefined
  if (clause.values.some((value) => mayBePatient(type, clause, value))) return undefined
  const values = reaches.flat().flatMap((reach) => (reach.kind === 'value' ? [reach] : []))
  return new Set(
    sourcesOf(clause.parameter).flatMap((code) =>
      values.map(({ under, value }) => facetOf(`${code}${under ?? ''}`, value)),
    ),
  )
}

const hasFacets = (type: string, code: string): boolean => {
  const kind = parameterOf(type, code)?.type
  return kind === 'token' || kind === 'reference'
}

/** Links to patients have no facets: the compartment they stand in says it all. */
const mayBePatient = (
  type: string,
  { parameter }: { parameter: ValueClause['parameter'] },
  value: SearchValue,
): boolean => {
  if (value.type !== 'reference' || value.identifier) return false
  const sources = compartmentSources(type)
  return (value.target ?? 'Patient') === 'Patient' && sourcesOf(parameter).some((code) => sources.has(code))
}

const linkedFacets = (
  type: string,
  { parameter, targets }: LinkedClause,
): ReadonlySet<number> | undefined => {
  const keys = [...targets].map((key) => key.split('/') as [string, string])
  const values = keys.map(([target, id]): ReferenceValue => ({ type: 'reference', target, id }))
  if (values.some((value) => mayBePatient(type, { parameter }, value))) return undefined
  return new Set(sourcesOf(parameter).flatMap((code) => keys.map(([, id]) => facetOf(code, id))))
}

/** The order of those that have no date lies below this. */
const dated = '0'

const withDate = (bounds: Bounds): Bounds =>
  bounds.from === undefined && bounds.highFrom === undefined ? { ...bounds, from: dated } : bounds

/** Returns a driver's stretches within the bounds of the date, newest and oldest part apart. */
export const driverStretches = (type: string, driver: Driver, bounds: Bounds | undefined): Stretched => {
  const prefixed = driver.reads.map((read) => ({ ...read, prefix: read.compartment ? `${type}|` : '' }))
  if (!bounds) return { main: prefixed.map(({ list, prefix }) => ({ list, prefix })), sides: [], older: [] }
  const windows = prefixed.map(({ list, prefix, compartment }) =>
    stretched(list, prefix, bounds, compartment),
  )
  return {
    main: windows.flatMap(({ main }) => main),
    sides: windows.flatMap(({ sides }) => sides),
    older: windows.flatMap(({ older }) => older),
  }
}

/** `main` holds all that begin late enough; `sides` the long intervals before; `older` all that begin before. */
export interface Stretched {
  readonly main: readonly Stretch[]
  readonly sides: readonly Stretch[]
  readonly older: readonly Stretch[]
}

const stretched = (list: List, prefix: string, bounds: Bounds, hasSides: boolean): Stretched => {
  const windows = windowsOf(list, prefix, withDate(bounds), timeScale)
  if (hasSides) return { ...windows, older: [] }
  return { main: windows.main.map(withoutHigh), sides: [], older: olderStretch(list, prefix, bounds) }
}

/** Only listings and compartments say where an interval ends. */
const withoutHigh = ({ highFrom: _, ...stretch }: Stretch): Stretch => stretch

const olderStretch = (list: List, prefix: string, { from, highFrom }: Bounds): readonly Stretch[] =>
  from === undefined && highFrom !== undefined ? [{ list, prefix, before: timeScale.before(highFrom) }] : []

/** Returns the type's listing as a driver. */
export const listing = (type: string): Driver => ({
  name: type,
  reads: [{ list: typeList(type), compartment: false }],
})

/** Returns the stretches of the type's listing; it has side lists. */
export const listingStretches = (type: string, bounds: Bounds | undefined): Stretched => {
  if (!bounds) return { main: [{ list: typeList(type), prefix: '' }], sides: [], older: [] }
  return stretched(typeList(type), '', bounds, true)
}

/** Returns the list of a type's last changes as a driver. */
export const rangeDriverOfChanges = (type: string): RangeDriver => ({
  name: '_lastUpdated',
  code: '_lastUpdated',
  stretches: [{ list: lastUpdatedList(type), prefix: '' }],
  sides: [],
  rank: 0,
})
