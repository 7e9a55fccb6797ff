/** https://hl7.org/fhir/R4/compartmentdefinition-patient.html — the index partition of one patient, read in order. */

import type { Resource } from '../../fhir/definitions.ts'
import { decodeCursor, encodeCursor } from '../../fhir/json/cursor.ts'
import { referenceTo } from '../../fhir/references.ts'
import { indexEntriesOf } from '../../search/index/entries.ts'
import { patientsOf } from '../../search/index/lists.ts'
import type { Reader } from '../../search/reading/memory.ts'
import { isBelow, keyOrder, patientList } from '../../store/keys.ts'
import type { Candidate, Version } from '../../store/port.ts'
import { badCursor, mostCharacters } from './pages.ts'

/** Where a page begins: after a position of the list, and there behind the candidate that was told last. */
interface Place {
  after: string
  order: string
  id: string
}

const beginning: Place = { after: '', order: '', id: '' }

export interface CompartmentPage {
  versions: Version[]
  next?: string
}

const opaque = ({ after, order, id }: Place): string => encodeCursor([after, order, id])

/** The cursor of a compartment's first page. */
export const compartmentStart = opaque(beginning)

const placeOf = (cursor: string | undefined): Place => {
  if (cursor === undefined) return beginning
  const [after, order, id] = decodeCursor(cursor)
  if (typeof after !== 'string' || typeof order !== 'string' || typeof id !== 'string') throw badCursor()
  return { after, order, id }
}

type Spot = Pick<Candidate, 'order' | 'id'>

const compare = (a: Spot, b: Spot): number => {
  if (a.order === b.order) return a.id < b.id ? -1 : Number(a.id > b.id)
  return a.order < b.order ? -1 : 1
}

const typeOf = ({ order }: Spot): string => order.slice(0, order.indexOf('|'))

/** The index keeps a patient's list whatever server a link names; only links to this one's patient count. */
interface Compartment {
  store: Reader
  base: string
  patient: string
  list: string
}

/** Returns the order at which a version stands in the compartment; undefined where it is not in it. */
const orderIn = ({ list, base, patient }: Compartment, version: Version | undefined): string | undefined => {
  if (version === undefined || version.deleted) return undefined
  const resource = JSON.parse(version.text) as Resource
  if (!patientsOf(resource, base).includes(patient)) return undefined
  return indexEntriesOf(resource, version.t).find((entry) => entry.list.name === list)?.order
}

interface Asked {
  types: ReadonlySet<string>
  count: number
  cursor: string | undefined
}

/**
 * Returns one page of the resources in a patient's compartment, by type and date, at most `count` of them. The reader is
 * a stage's, so that no write of several resources is shown in part.
 */
export const compartmentPage = (
  { store, base }: Pick<Compartment, 'store' | 'base'>,
  patient: string,
  asked: Asked,
): Promise<CompartmentPage> => readOnce({ store, base, patient, list: patientList(patient).name }, asked)

/** Returns the candidates, each place once: entries of superseded versions stand beside the current one's for a while. */
const eachOnce = (candidates: readonly Candidate[]): Candidate[] => [
  ...new Map(candidates.map((candidate) => [`${candidate.order}\n${candidate.id}`, candidate])).values(),
]

/** Index items that are read at a time at the least, and how often where none is of the types that are wanted. */
const leastItems = 100
const mostReads = 20

/**
 * Returns the candidates from a place on, and the list's position after them if more may follow. An index page that ended
 * before its limit is read on, so that a record is not torn into more pages than it needs.
 */
const wantedFrom = async (
  { store, list }: Compartment,
  { types, count }: Asked,
  start: Place,
): Promise<{ wanted: Candidate[]; from: Place; after?: string }> => {
  const limit = Math.max(count, leastItems)
  const found: Candidate[] = []
  let from = start
  let { after } = start
  for (let i = 1; ; i++) {
    const page = await store.page({ list, shard: 0, reverse: false, limit, ...(after && { after }) })
    found.push(
      ...page.candidates.filter(
        (candidate) => (types.size === 0 || types.has(typeOf(candidate))) && compare(candidate, start) > 0,
      ),
    )
    if (page.after === undefined) return { wanted: eachOnce(found), from }
    const endedEarly = page.candidates.length < limit
    const isEnough = found.length >= count || (found.length > 0 && !endedEarly)
    if (isEnough || i === mostReads) return { wanted: eachOnce(found), from, after: page.after }
    after = page.after
    if (found.length === 0) from = { ...beginning, after }
  }
}

/** The list may change between two pages, so a page begins after a candidate rather than after so many. */
const readOnce = async (compartment: Compartment, asked: Asked): Promise<CompartmentPage> => {
  const start = placeOf(asked.cursor)
  const { wanted, from, after } = await wantedFrom(compartment, asked, start)
  const section: Section = { start, after, count: asked.count }
  const { versions, last } = await readStanding(wanted.sort(compare), section, compartment)
  if (last) return { versions, next: opaque({ after: from.after, order: last.order, id: last.id }) }
  return after === undefined ? { versions } : { versions, next: opaque({ ...beginning, after }) }
}

/** The section of a compartment's list that a page shows. */
interface Section {
  start: Place
  /** The sort key of the last index item that was read; undefined at the list's end. */
  after: string | undefined
  count: number
}

type Move = 'passed' | 'ahead' | 'elsewhere'

const sortKeyAt = (order: string, { w }: Version): string => `${keyOrder(order)}\u0001${w}`

/**
 * Returns how a resource that stands at another place than its entry has moved: to a place that the page has passed, to
 * one it has yet to come to, or to another page.
 */
const moveOf = (version: Version, order: string, here: Spot, { start, after }: Section): Move => {
  const there = { order, id: version.id }
  const key = sortKeyAt(order, version)
  if (compare(there, start) <= 0 || (start.after !== '' && !isBelow(start.after, key))) return 'elsewhere'
  if (compare(there, here) <= 0) return 'passed'
  return after === undefined || !isBelow(after, key) ? 'ahead' : 'elsewhere'
}

const atOnce = 200

/** A page while it is read. */
interface Progress {
  found: Map<string, Version>
  size: number
  /** Where candidates stand that are yet to be read, in order. */
  waiting: readonly Spot[]
  last: Spot | undefined
}

/** Reads the next candidates; a match that has moved is shown at its new place, or at once where that was passed. */
const readBatch = async (progress: Progress, section: Section, compartment: Compartment): Promise<void> => {
  const { found, waiting } = progress
  const batch = waiting.slice(0, Math.min(atOnce, section.count - found.size))
  const keys = batch.map((spot) => ({
    type: typeOf(spot),
    id: spot.id,
    ...('w' in spot && { w: `${spot.w}` }),
  }))
  const versions = await compartment.store.get(keys)
  const moved: { spot: Spot; version: Version }[] = []
  const show = (version: Version): void => {
    found.set(referenceTo(version), version)
    progress.size += version.text.length
  }
  let done = 0
  for (const [at, here] of batch.entries()) {
    if (progress.size >= mostCharacters) break
    done++
    progress.last = here
    const version = versions[at]
    const order = orderIn(compartment, version)
    if (version === undefined || order === undefined) continue
    const move = order === here.order ? 'passed' : moveOf(version, order, here, section)
    if (move === 'passed') show(version)
    if (move === 'ahead') moved.push({ spot: { order, id: version.id }, version })
  }
  const { last } = progress
  const isPassed = ({ spot }: { spot: Spot }): boolean => last !== undefined && compare(spot, last) <= 0
  for (const each of moved) if (isPassed(each)) show(each.version)
  const ahead = moved.filter((each) => !isPassed(each)).map(({ spot }) => spot)
  progress.waiting = [...waiting.slice(done), ...ahead].sort(compare)
}

/** Returns what stands in a section until the page is full, by number or by characters, and its last place if more follow. */
const readStanding = async (
  candidates: readonly Candidate[],
  section: Section,
  compartment: Compartment,
): Promise<{ versions: Version[]; last: Spot | undefined }> => {
  const progress: Progress = { found: new Map(), size: 0, waiting: candidates, last: undefined }
  while (progress.waiting.length > 0 && progress.size < mostCharacters && progress.found.size < section.count)
    await readBatch(progress, section, compartment)
  const versions = [...progress.found.values()]
  return { versions, last: progress.waiting.length > 0 ? progress.last : undefined }
}
