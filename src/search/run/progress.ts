import type { Resource } from '../../fhir/definitions.ts'
import { referenceTo } from '../../fhir/references.ts'
import { keyOrder } from '../../store/keys.ts'
import type { Version } from '../../store/port.ts'
import { isBehind, type MatchPosition } from '../cursor.ts'
import type { Query } from '../query.ts'
import type { Read, Scope } from '../scope.ts'
import type { Drive } from './drive.ts'
import { candidateOf } from './match.ts'

/** The progress of reading a page. */
export interface PageProgress {
  reads: Read[]
  /** The names of the matches on the page. */
  shown: Set<string>
  /** By name, matches whose place is yet to be reached, in case their entry there was put too late to be read. */
  ahead: Map<string, PlacedMatch>
  /** The characters of the texts read. */
  size: number
  checked: number
  /** The place of the first match on the page. */
  first?: MatchPosition
  /** The place of the last checked candidate. */
  at?: MatchPosition
  done: boolean
}

export const newPageProgress = (): PageProgress => ({
  reads: [],
  shown: new Set(),
  ahead: new Map(),
  size: 0,
  checked: 0,
  done: false,
})

export const isFull = ({ limits }: Scope, { count }: Query, { reads, size }: PageProgress): boolean =>
  reads.length >= count || size >= limits.characters

/** A match and its place in the order. */
export interface PlacedMatch {
  read: Read
  place: MatchPosition
}

/** The place where a match was found, its own place in the order, and the place where the page begins. */
export interface Arrival {
  here: MatchPosition
  place: MatchPosition | undefined
  from: MatchPosition | undefined
  isAfter: (a: MatchPosition, b: MatchPosition) => boolean
}

/**
 * Puts a match on the page at its own place. A match found elsewhere has several entries or has moved: it waits until its
 * place is reached, or is shown at once if its place was passed before the entry was put.
 */
export const arrive = (
  progress: PageProgress,
  read: Read,
  { here, place = here, from, isAfter }: Arrival,
): void => {
  if (progress.shown.has(matchName(read))) return
  if (isAfter(place, here)) progress.ahead.set(matchName(read), { read, place })
  else if (from === undefined || isAfter(place, from)) showMatch(progress, read, place)
}

/** Shows the waiting matches whose place was passed without an entry there. */
export const showPassed = (
  scope: Scope,
  query: Query,
  progress: PageProgress,
  isPassed: (place: MatchPosition) => boolean,
): void => {
  for (const [name, { read, place }] of progress.ahead) {
    if (isFull(scope, query, progress)) return
    if (isPassed(place) && !progress.shown.has(name)) showMatch(progress, read, place)
    if (isPassed(place)) progress.ahead.delete(name)
  }
}

/** Returns the name under which a match counts once: a container by its own reference. */
const matchName = ({ version, resource, matching }: Read): string =>
  matching ? referenceTo(version) : candidateOf(resource)

const showMatch = (progress: PageProgress, read: Read, place: MatchPosition): void => {
  progress.shown.add(matchName(read))
  progress.ahead.delete(matchName(read))
  progress.first ??= place
  keepRead(progress, read)
}

/**
 * Returns a function for the place of a match; a container has the first place among its contained matches, in either
 * direction.
 */
export const placesIn = ({ orderOf, reverse }: Drive, back: boolean) => {
  const known = new Map<Version, MatchPosition | undefined>()
  const placesOf = (version: Version, resources: readonly Resource[]): MatchPosition[] =>
    resources.flatMap((resource) => {
      const order = orderOf(resource, version.t)
      return order === undefined ? [] : [{ order: keyOrder(order), id: candidateOf(resource) }]
    })
  return ({ version, resource, matching }: Read): MatchPosition | undefined => {
    if (!matching) return placesOf(version, [resource])[0]
    if (known.has(version)) return known.get(version)
    const places = placesOf(version, matching)
    const first =
      places.length > 0 ? places.reduce((a, b) => (isBehind(a, b, reverse !== back) ? b : a)) : undefined
    known.set(version, first)
    return first
  }
}

export const keepRead = (progress: PageProgress, read: Read): void => {
  progress.reads.push(read)
  progress.size += read.version.text.length
}
