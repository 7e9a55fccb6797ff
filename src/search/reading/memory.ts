import { containerAt } from '../../fhir/contained.ts'
import { referenceTo } from '../../fhir/references.ts'
import { isBelow } from '../../store/keys.ts'
import { listOfPartition } from '../../store/list-names.ts'
import type { Candidate, Range, RangePage, ResourceKey, Store, Version } from '../../store/port.ts'

/** What a search may ask for while it reads. */
export type StageReader = Pick<Store, 'get' | 'page' | 'version'>

/** A page of the index with the entries that were found in it later. */
export interface KeptPage {
  readonly range: Range
  readonly candidates: Candidate[]
  readonly after: string | undefined
}

/** Everything that one stage has read; what is read again is answered from here. */
export interface Memory {
  readonly pages: Map<string, KeptPage>
  /** The version that counts for each resource, by `Type/id`; undefined where there is none. */
  readonly versions: Map<string, Version | undefined>
  /** Names of all index entries that were read. */
  readonly entries: Set<string>
  /** The lists of members that the stage has already minded. */
  readonly minded: Set<string>
}

export const newMemory = (): Memory => ({
  pages: new Map(),
  versions: new Map(),
  entries: new Set(),
  minded: new Set(),
})

export const keyOf = (name: string): ResourceKey => {
  const at = name.indexOf('/')
  return { type: name.slice(0, at), id: name.slice(at + 1) }
}

/** An index entry and the list that it was read from. */
export interface Found {
  readonly list: string
  readonly candidate: Candidate
}

export const entryName = ({ list, candidate: { id, order, w } }: Found): string =>
  `${list}\n${order}\n${w}\n${id}`

const typeIn = (list: string, order: string): string => {
  const { scope } = listOfPartition(`|${list}|`)
  return 'type' in scope ? scope.type : order.slice(0, order.indexOf('|'))
}

/** Returns the `Type/id` of the resource that an index entry is about: of the one around it where it is inside another. */
export const subjectOf = ({ list, candidate: { id, order } }: Found): string =>
  referenceTo(containerAt(id) ?? { type: typeIn(list, order), id })

/** Returns the type of the resources that a range finds; undefined where it finds those of many, in a patient's compartment. */
export const typeOfRange = ({ list, from = '' }: Range): string | undefined => {
  // Of what is inside others, the others are of any type.
  if (list.startsWith('#')) return undefined
  const { scope } = listOfPartition(`|${list}|`)
  return 'type' in scope ? scope.type : from.split('|')[0] || undefined
}

/** Keeps a page, unless another reading of the same one was faster; returns the one that is kept. */
export const keepPage = (memory: Memory, range: Range, { candidates, after }: RangePage): KeptPage => {
  const name = JSON.stringify(range)
  const kept = memory.pages.get(name) ?? { range, candidates: [...candidates], after }
  memory.pages.set(name, kept)
  for (const candidate of kept.candidates) memory.entries.add(entryName({ list: range.list, candidate }))
  return kept
}

/** Below every order's write; what the store's sort keys are made of. */
const sortKeyOf = ({ order, w }: Candidate): string => `${order}\u0001${w}`

/** Returns whether an entry lies within what a page has covered. */
export const isCovered = ({ range, after }: KeptPage, candidate: Candidate): boolean => {
  const at = sortKeyOf(candidate)
  const [low, high] = range.reverse ? [after, range.after] : [range.after, after]
  if (low !== undefined && (range.reverse ? isBelow(at, low) : !isBelow(low, at))) return false
  return high === undefined || (range.reverse ? isBelow(at, high) : !isBelow(high, at))
}

/** Adds an entry that was found later to a page, at its place in the order. */
export const addTo = ({ range, candidates }: KeptPage, candidate: Candidate): void => {
  const isBehind = (other: Candidate): boolean =>
    range.reverse ? isBelow(other.order, candidate.order) : isBelow(candidate.order, other.order)
  const at = candidates.findIndex(isBehind)
  candidates.splice(at < 0 ? candidates.length : at, 0, candidate)
}
