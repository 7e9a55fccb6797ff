import type { Resource } from '../../fhir/definitions.ts'
import { referenceTo } from '../../fhir/references.ts'
import { keyOrder } from '../../store/keys.ts'
import type { Version } from '../../store/port.ts'
import { isBehind, type Place } from '../cursor.ts'
import type { Query } from '../query.ts'
import type { Read, Scope } from '../scope.ts'
import type { Drive } from './drive.ts'
import { candidateOf } from './match.ts'

/** How far a page has come. */
export interface Progress {
  reads: Read[]
  /** Names of the matches that are on the page. */
  shown: Set<string>
  /** Matches whose place the reading has yet to come to, by name: their entry there may have come too late. */
  ahead: Map<string, Placed>
  /** Characters of the texts read. */
  size: number
  judged: number
  /** The first place that is on the page. */
  first?: Place
  /** The last place that was judged. */
  at?: Place
  done: boolean
}

export const newProgress = (): Progress => ({
  reads: [],
  shown: new Set(),
  ahead: new Map(),
  size: 0,
  judged: 0,
  done: false,
})

export const isFull = ({ limits }: Scope, { count }: Query, { reads, size }: Progress): boolean =>
  reads.length >= count || size >= limits.characters

/** A match and its place in the order. */
export interface Placed {
  read: Read
  place: Place
}

/** A match that was found at one place, and where it stands. */
export interface Arrival {
  here: Place
  place: Place | undefined
  from: Place | undefined
  isAfter: (a: Place, b: Place) => boolean
}

/**
 * Shows a match at its place in the order. Found elsewhere, it has several entries or has moved: it is shown when the
 * reading comes to its place; where that was passed by before the entry was put, it is shown at once.
 */
export const arrive = (
  progress: Progress,
  read: Read,
  { here, place = here, from, isAfter }: Arrival,
): void => {
  if (progress.shown.has(nameOf(read))) return
  if (isAfter(place, here)) progress.ahead.set(nameOf(read), { read, place })
  else if (from === undefined || isAfter(place, from)) show(progress, read, place)
}

/** Shows matches whose place was passed by without an entry there. */
export const showPassed = (
  scope: Scope,
  query: Query,
  progress: Progress,
  isPassed: (place: Place) => boolean,
): void => {
  for (const [name, { read, place }] of progress.ahead) {
    if (isFull(scope, query, progress)) return
    if (isPassed(place) && !progress.shown.has(name)) show(progress, read, place)
    if (isPassed(place)) progress.ahead.delete(name)
  }
}

/** Returns the name under which a match counts once: what is told in place of what is inside it, by its own. */
const nameOf = ({ version, resource, matching }: Read): string =>
  matching ? referenceTo(version) : candidateOf(resource)

const show = (progress: Progress, read: Read, place: Place): void => {
  progress.shown.add(nameOf(read))
  progress.ahead.delete(nameOf(read))
  progress.first ??= place
  keep(progress, read)
}

/** Returns what tells the place of a match: of what matches inside of one resource, the place that comes first whichever way it is read. */
export const placesIn = ({ orderOf, reverse }: Drive, back: boolean) => {
  const known = new Map<Version, Place | undefined>()
  const placesOf = (version: Version, resources: readonly Resource[]): Place[] =>
    resources.flatMap((resource) => {
      const order = orderOf(resource, version.t)
      return order === undefined ? [] : [{ order: keyOrder(order), id: candidateOf(resource) }]
    })
  return ({ version, resource, matching }: Read): Place | undefined => {
    if (!matching) return placesOf(version, [resource])[0]
    if (known.has(version)) return known.get(version)
    const places = placesOf(version, matching)
    const first =
      places.length > 0 ? places.reduce((a, b) => (isBehind(a, b, reverse !== back) ? b : a)) : undefined
    known.set(version, first)
    return first
  }
}

export const keep = (progress: Progress, read: Read): void => {
  progress.reads.push(read)
  progress.size += read.version.text.length
}
