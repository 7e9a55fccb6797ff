import { isCanonicalKey } from '../../fhir/canonical.ts'
import { containerAt } from '../../fhir/contained.ts'
import type { SearchParameter } from '../../fhir/definitions.ts'
import { parseCanonical } from '../../fhir/references.ts'
import { patientList, rangeList, stringList, valueList } from '../../store/keys.ts'
import type { List } from '../../store/port.ts'
import { compartmentSources, searchParameterOf, sourcesOf } from '../index/lists.ts'
import { orderParameter } from '../index/order.ts'
import { drivingWords, wordLists } from '../index/words.ts'
import type {
  Clause,
  LinkedClause,
  NestedClause,
  ReferenceValue,
  SearchValue,
  ValueClause,
} from '../query.ts'
import type { Reach } from '../types/rules.ts'
import type { ListStretch } from './bounds.ts'
import { numberScale, timeScale, windowsOf } from './bounds.ts'
import { hull, reachesOf } from './reaches.ts'

/** The lists that together hold every match of a clause, in the order of the type. */
export interface Driver {
  readonly name: string
  readonly reads: readonly ListRead[]
}

/**
 * A list in the order of the type; a `compartment` list's orders begin with the type, and it has side lists.
 */
export interface ListRead {
  readonly list: List
  readonly compartment: boolean
}

/** The stretches that together hold every match of a clause, in the order of the clause's values. */
export interface RangeDriver {
  readonly name: string
  readonly code: string
  /** The stretches are of word lists. */
  readonly words?: true
  /** The custom parameter whose lists these are. */
  readonly own?: SearchParameter
  readonly stretches: readonly ListStretch[]
  /** The same in the side lists, for long intervals that begin before the stretches do. */
  readonly sides: readonly ListStretch[]
  /** Estimates the selectivity: the driver with the higher rank is expected to be shorter. */
  readonly rank: number
}

/** The most linked resources whose lists are read. */
const mostLinked = 500

/**
 * The most lists of a driver: each costs at least one call, so above this number any other driver is cheaper.
 */
const mostListsOfDriver = 500

/** Returns the driver of a clause. Alternatives are driven together, if every alternative has a driver. */
export const driverOf = (type: string, clause: Clause): Driver | undefined => {
  if (clause.kind === 'all') return driverOfAll(type, clause)
  if (clause.kind === 'any') {
    const drivers = clause.clauses.map((inner) => driverOf(type, inner))
    const known = drivers.filter((driver) => driver !== undefined)
    return known.length === drivers.length && known.length > 0 ? jointDriver(known) : undefined
  }
  const reads =
    clause.kind === 'linked' ? linkedReads(type, clause) : clause.kind === 'value' && valueReads(type, clause)
  if (!reads || reads.length === 0 || !('parameter' in clause)) return undefined
  const distinct = [...new Map(reads.map((read) => [read.list.name, read])).values()]
  if (distinct.length > mostListsOfDriver) return undefined
  return { name: clause.parameter.code, reads: distinct }
}

/** Any clause with a driver drives clauses that must all hold. */
const driverOfAll = (type: string, { clauses }: NestedClause): Driver | undefined =>
  clauses.map((inner) => driverOf(type, inner)).find((driver) => driver !== undefined)

const jointDriver = (drivers: readonly Driver[]): Driver => {
  const reads = drivers.flatMap((driver) => driver.reads)
  return {
    name: [...new Set(drivers.map(({ name }) => name))].join(' or '),
    reads: [...new Map(reads.map((read) => [read.list.name, read])).values()],
  }
}

const linkedReads = (type: string, { parameter, targets }: LinkedClause): readonly ListRead[] | undefined => {
  if (targets.size > mostLinked) return undefined
  return [...targets].flatMap((key) => {
    if (isCanonicalKey(key))
      return sourcesOf(parameter).map((code) => plainRead(type, code, parseCanonical(key).url, 'reference'))
    if (containerAt(key)) return sourcesOf(parameter).map((code) => plainRead(type, code, key, 'reference'))
    const [target, id] = key.split('/') as [string, string]
    return sourcesOf(parameter).flatMap((code) => linkReads(type, code, { type: 'reference', target, id }))
  })
}

const valueReads = (type: string, clause: ValueClause): readonly ListRead[] | undefined => {
  const reaches = reachesOf(clause)
  if (!reaches) return undefined
  const reads = clause.values.flatMap((value, i) =>
    sourcesOf(clause.parameter).flatMap((code) =>
      (reaches[i] ?? []).flatMap((reach) => equalReads(type, code, value, reach)),
    ),
  )
  return reaches.flat().every((reach) => reach.kind === 'value') ? reads : undefined
}

const equalReads = (type: string, code: string, value: SearchValue, reach: Reach): readonly ListRead[] => {
  if (reach.kind !== 'value') return []
  if (value.type === 'reference' && reach.under === undefined) return linkReads(type, code, value)
  return [plainRead(type, `${code}${reach.under ?? ''}`, reach.value, reach.list)]
}

const plainRead = (...parts: Parameters<typeof valueList>): ListRead => ({
  list: valueList(...parts),
  compartment: false,
})

/**
 * References to a patient are in the compartment list, other references in a list of their own; without a
 * type both are read.
 */
const linkReads = (type: string, code: string, { target, id, url }: ReferenceValue): readonly ListRead[] => {
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
  const targets = searchParameterOf(type, code)?.targets
  return targets?.length !== 1 || targets[0] !== 'Patient'
}

export const rangeDriver = (type: string, clause: Clause): readonly RangeDriver[] => {
  if (clause.kind !== 'value') return wordsDriver(type, clause)
  const reaches = reachesOf(clause)?.flat()
  if (!reaches || reaches.length === 0) return []
  const { code } = clause.parameter
  const sources = sourcesOf(clause.parameter)
  if (sources.includes(orderParameter(type)) || reaches.some(({ kind }) => kind === 'value')) return []
  const parts = sources.flatMap((source) =>
    spannedReaches(reaches).map((reach) => stretchesOf(type, source, reach)),
  )
  const stretches = parts.flatMap(({ main }) => main)
  if (stretches.length > mostListsOfDriver) return []
  const own = clause.parameter.own && { own: clause.parameter }
  return [
    {
      name: code,
      code,
      ...own,
      stretches,
      sides: parts.flatMap(({ sides }) => sides),
      rank: rankOf(reaches),
    },
  ]
}

/** The lists of words stand in the order of the resources' last change. */
const wordsDriver = (type: string, clause: Clause): readonly RangeDriver[] => {
  const words = drivingWords(clause)
  if (words.length === 0) return []
  const name = `_content ${words.join(' or ')}`
  const lists = new Map(words.flatMap((word) => wordLists(type, word)).map((list) => [list.name, list]))
  const stretches = [...lists.values()].map((list) => ({ list, prefix: '' }))
  const rank = Math.min(...words.map(({ length }) => length)) + 1
  return [{ name, code: name, words: true, stretches, sides: [], rank }]
}

/** Several ranges are read as their common span, so that the side lists are read before the list itself. */
const spannedReaches = (reaches: readonly Reach[]): readonly Reach[] => {
  const bounds = hull(reaches)
  const ranges = new Map(reaches.flatMap((reach) => (reach.kind === 'range' ? [[reach.under, reach]] : [])))
  return bounds ? [...ranges.values()].map((range) => ({ ...range, bounds })) : reaches
}

/** A text narrows by its length, a range by having both ends; three letters tell more than any range. */
const rankOf = (reaches: readonly Reach[]): number =>
  Math.min(
    ...reaches.map((reach) => {
      if (reach.kind === 'text') return reach.text.length + 1
      if (reach.kind === 'range')
        return reach.bounds.from !== undefined && reach.bounds.to !== undefined ? 3 : 0
      return 0
    }),
  )

const stretchesOf = (
  type: string,
  code: string,
  reach: Reach,
): { main: ListStretch[]; sides: ListStretch[] } => {
  if (reach.kind === 'value') return { main: [], sides: [] }
  if (reach.kind === 'text') return { main: [textStretch(type, code, reach.text)], sides: [] }
  const list = rangeList(type, `${code}${reach.under ?? ''}`, reach.list)
  return windowsOf(list, '', reach.bounds, reach.list === 'date' ? timeScale : numberScale)
}

const textStretch = (type: string, code: string, text: string): ListStretch => ({
  list: stringList(type, code, text.charAt(0)),
  prefix: '',
  from: text,
  before: `${text}\uffff`,
})
