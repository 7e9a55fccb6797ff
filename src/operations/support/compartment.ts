/**
 * The resources of a patient's compartment, read in order from the patient's index list:
 * https://hl7.org/fhir/R4/compartmentdefinition-patient.html
 */

import type { Resource } from '../../fhir/definitions.ts'
import { decodeCursor, encodeCursor } from '../../fhir/json/cursor.ts'
import { referenceTo } from '../../fhir/references.ts'
import { indexEntriesOf } from '../../search/index/entries.ts'
import { patientsOf } from '../../search/index/lists.ts'
import type { StageReader } from '../../search/reading/memory.ts'
import { isBelow, keyOrder, patientList } from '../../store/keys.ts'
import type { Candidate, Version } from '../../store/port.ts'
import { badCursor, mostCharacters } from './pages.ts'

/** The start of a page: a position of the list, and behind that position the last candidate already shown. */
interface CompartmentPosition {
  after: string
  order: string
  id: string
}

const listStart: CompartmentPosition = { after: '', order: '', id: '' }

export interface CompartmentPage {
  versions: Version[]
  next?: string
}

const compartmentCursor = ({ after, order, id }: CompartmentPosition): string =>
  encodeCursor([after, order, id])

/** The cursor of a compartment's first page. */
export const compartmentStart = compartmentCursor(listStart)

const compartmentPositionOf = (cursor: string | undefined): CompartmentPosition => {
  if (cursor === undefined) return listStart
  const [after, order, id] = decodeCursor(cursor)
  if (typeof after !== 'string' || typeof order !== 'string' || typeof id !== 'string') throw badCursor()
  return { after, order, id }
}

type EntryPosition = Pick<Candidate, 'order' | 'id'>

const compareEntryPositions = (a: EntryPosition, b: EntryPosition): number => {
  if (a.order === b.order) return a.id < b.id ? -1 : Number(a.id > b.id)
  return a.order < b.order ? -1 : 1
}

const typeInOrder = ({ order }: EntryPosition): string => order.slice(0, order.indexOf('|'))

/**
 * A patient's compartment. Its list has entries for links to that patient id on any server; only links to this server
 * count.
 */
interface Compartment {
  reader: StageReader
  base: string
  patient: string
  list: string
}

/** Returns the order of a version in the compartment's list; undefined for a version outside of the compartment. */
const orderIn = ({ list, base, patient }: Compartment, version: Version | undefined): string | undefined => {
  if (version === undefined || version.deleted) return undefined
  const resource = JSON.parse(version.text) as Resource
  if (!patientsOf(resource, base).includes(patient)) return undefined
  return indexEntriesOf(resource, version.t).find((entry) => entry.list.name === list)?.order
}

interface CompartmentRequest {
  types: ReadonlySet<string>
  count: number
  cursor: string | undefined
}

/**
 * Returns a page of at most `count` resources in a patient's compartment, by type and date. The store must be the reader
 * of a stage, so that no write of several resources is shown in part.
 */
export const compartmentPage = (
  { reader, base }: Pick<Compartment, 'reader' | 'base'>,
  patient: string,
  asked: CompartmentRequest,
): Promise<CompartmentPage> =>
  readCompartmentPage({ reader, base, patient, list: patientList(patient).name }, asked)

/** Returns the candidates without repetitions: a superseded version's entry stays beside the current entry for a while. */
const distinctCandidates = (candidates: readonly Candidate[]): Candidate[] => [
  ...new Map(candidates.map((candidate) => [`${candidate.order}\n${candidate.id}`, candidate])).values(),
]

/** The minimum of index items in a read, and the maximum of reads while no item has a wanted type. */
const minListItems = 100
const maxListReads = 20

/**
 * Returns the candidates behind a position, and the list's position after them if more may follow. After an index page
 * that ended before its limit the next is read as well, so that a record is not split into more pages than necessary.
 */
const candidatesFrom = async (
  { reader, list }: Compartment,
  { types, count }: CompartmentRequest,
  start: CompartmentPosition,
): Promise<{ wanted: Candidate[]; from: CompartmentPosition; after?: string }> => {
  const limit = Math.max(count, minListItems)
  const found: Candidate[] = []
  let from = start
  let { after } = start
  for (let i = 1; ; i++) {
    const page = await reader.page({ list, shard: 0, reverse: false, limit, ...(after && { after }) })
    found.push(
      ...page.candidates.filter(
        (candidate) =>
          (types.size === 0 || types.has(typeInOrder(candidate))) &&
          compareEntryPositions(candidate, start) > 0,
      ),
    )
    if (page.after === undefined) return { wanted: distinctCandidates(found), from }
    const endedEarly = page.candidates.length < limit
    const isEnough = found.length >= count || (found.length > 0 && !endedEarly)
    if (isEnough || i === maxListReads) return { wanted: distinctCandidates(found), from, after: page.after }
    after = page.after
    if (found.length === 0) from = { ...listStart, after }
  }
}

/** Reads a page. The list may change between two pages, so a page begins after a candidate rather than at an offset. */
const readCompartmentPage = async (
  compartment: Compartment,
  asked: CompartmentRequest,
): Promise<CompartmentPage> => {
  const start = compartmentPositionOf(asked.cursor)
  const { wanted, from, after } = await candidatesFrom(compartment, asked, start)
  const section: Section = { start, after, count: asked.count }
  const { versions, last } = await readSection(wanted.sort(compareEntryPositions), section, compartment)
  if (last)
    return { versions, next: compartmentCursor({ after: from.after, order: last.order, id: last.id }) }
  return after === undefined ? { versions } : { versions, next: compartmentCursor({ ...listStart, after }) }
}

/** The section of a compartment's list that a page shows. */
interface Section {
  start: CompartmentPosition
  /** The sort key of the last index item that was read; undefined at the list's end. */
  after: string | undefined
  count: number
}

type Move = 'passed' | 'ahead' | 'elsewhere'

const sortKeyAt = (order: string, { w }: Version): string => `${keyOrder(order)}\u0001${w}`

/**
 * Returns the move of a resource whose order is no longer its entry's: to a position that the page has passed, to a
 * position still ahead, or to another page.
 */
const moveOf = (version: Version, order: string, here: EntryPosition, { start, after }: Section): Move => {
  const there = { order, id: version.id }
  const key = sortKeyAt(order, version)
  if (compareEntryPositions(there, start) <= 0 || (start.after !== '' && !isBelow(start.after, key)))
    return 'elsewhere'
  if (compareEntryPositions(there, here) <= 0) return 'passed'
  return after === undefined || !isBelow(after, key) ? 'ahead' : 'elsewhere'
}

const compartmentBatch = 200

/** A page while it is read. */
interface CompartmentProgress {
  found: Map<string, Version>
  size: number
  /** The positions of the candidates still to be read, in order. */
  waiting: readonly EntryPosition[]
  last: EntryPosition | undefined
}

/**
 * Reads the next candidates. A match that has moved is shown at its new position, or at once if the page has passed that
 * position.
 */
const readCandidateBatch = async (
  progress: CompartmentProgress,
  section: Section,
  compartment: Compartment,
): Promise<void> => {
  const { found, waiting } = progress
  const batch = waiting.slice(0, Math.min(compartmentBatch, section.count - found.size))
  const keys = batch.map((spot) => ({
    type: typeInOrder(spot),
    id: spot.id,
    ...('w' in spot && { w: `${spot.w}` }),
  }))
  const versions = await compartment.reader.get(keys)
  const moved: { spot: EntryPosition; version: Version }[] = []
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
  const isPassed = ({ spot }: { spot: EntryPosition }): boolean =>
    last !== undefined && compareEntryPositions(spot, last) <= 0
  for (const each of moved) if (isPassed(each)) show(each.version)
  const ahead = moved.filter((each) => !isPassed(each)).map(({ spot }) => spot)
  progress.waiting = [...waiting.slice(done), ...ahead].sort(compareEntryPositions)
}

/**
 * Returns the resources of a section until the page is full, by number or by characters, and the last position if more
 * follow.
 */
const readSection = async (
  candidates: readonly Candidate[],
  section: Section,
  compartment: Compartment,
): Promise<{ versions: Version[]; last: EntryPosition | undefined }> => {
  const progress: CompartmentProgress = { found: new Map(), size: 0, waiting: candidates, last: undefined }
  while (progress.waiting.length > 0 && progress.size < mostCharacters && progress.found.size < section.count)
    await readCandidateBatch(progress, section, compartment)
  const versions = [...progress.found.values()]
  return { versions, last: progress.waiting.length > 0 ? progress.last : undefined }
}
