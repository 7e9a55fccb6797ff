import { containerAt } from '../../fhir/contained.ts'
import { referenceTo } from '../../fhir/references.ts'
import { isBelow } from '../../store/keys.ts'
import { listOfPartition } from '../../store/list-names.ts'
import type { Candidate, Range, RangePage, ResourceKey, Store, Version } from '../../store/port.ts'

/** The part of the store that a stage reads from. */
export type StageReader = Pick<Store, 'get' | 'page' | 'version'>

/** A page of the index, with entries that were found later added. */
export interface KeptPage {
  readonly range: Range
  readonly candidates: Candidate[]
  readonly after: string | undefined
}

/** All answers that a stage has read, from which repeated reads are answered. */
export interface StageMemory {
  readonly pages: Map<string, KeptPage>
  /** By `Type/id`, the version that counts; undefined for a resource that does not exist. */
  readonly versions: Map<string, Version | undefined>
  /** The names of all index entries that were read. */
  readonly entries: Set<string>
  /** The member lists that the stage has examined. */
  readonly examined: Set<string>
}

export const newStageMemory = (): StageMemory => ({
  pages: new Map(),
  versions: new Map(),
  entries: new Set(),
  examined: new Set(),
})

export const keyOfReference = (name: string): ResourceKey => {
  const at = name.indexOf('/')
  return { type: name.slice(0, at), id: name.slice(at + 1) }
}

/** An index entry and the list that it was read from. */
export interface FoundEntry {
  readonly list: string
  readonly candidate: Candidate
}

export const entryName = ({ list, candidate: { id, order, w } }: FoundEntry): string =>
  `${list}\n${order}\n${w}\n${id}`

const typeIn = (list: string, order: string): string => {
  const { scope } = listOfPartition(`|${list}|`)
  return 'type' in scope ? scope.type : order.slice(0, order.indexOf('|'))
}

/** Returns the `Type/id` of an index entry's resource; of the container for a contained resource. */
export const subjectOf = ({ list, candidate: { id, order } }: FoundEntry): string =>
  referenceTo(containerAt(id) ?? { type: typeIn(list, order), id })

/** Returns the type of the resources in a range; undefined for a range with several types, in a patient's compartment. */
export const typeOfRange = ({ list, from = '' }: Range): string | undefined => {
  // The containers of contained resources are of any type.
  if (list.startsWith('#')) return undefined
  const { scope } = listOfPartition(`|${list}|`)
  return 'type' in scope ? scope.type : from.split('|')[0] || undefined
}

/** Keeps a page, unless a concurrent read of the same page was faster; returns the kept page. */
export const keepPage = (memory: StageMemory, range: Range, { candidates, after }: RangePage): KeptPage => {
  const name = JSON.stringify(range)
  const kept = memory.pages.get(name) ?? { range, candidates: [...candidates], after }
  memory.pages.set(name, kept)
  for (const candidate of kept.candidates) memory.entries.add(entryName({ list: range.list, candidate }))
  return kept
}

/** Returns the sort key of an entry's item, as the store forms sort keys. */
const entrySortKey = ({ order, w }: Candidate): string => `${order}\u0001${w}`

/** Returns whether an entry lies within the range that a page has covered. */
export const isCovered = ({ range, after }: KeptPage, candidate: Candidate): boolean => {
  const at = entrySortKey(candidate)
  const [low, high] = range.reverse ? [after, range.after] : [range.after, after]
  if (low !== undefined && (range.reverse ? isBelow(at, low) : !isBelow(low, at))) return false
  return high === undefined || (range.reverse ? isBelow(at, high) : !isBelow(high, at))
}

/** Adds a later entry to a page, at its place in the order. */
export const addTo = ({ range, candidates }: KeptPage, candidate: Candidate): void => {
  const isBehind = (other: Candidate): boolean =>
    range.reverse ? isBelow(other.order, candidate.order) : isBelow(candidate.order, other.order)
  const at = candidates.findIndex(isBehind)
  candidates.splice(at < 0 ? candidates.length : at, 0, candidate)
}
