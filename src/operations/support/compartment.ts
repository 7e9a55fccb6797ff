/** https://hl7.org/fhir/R4/compartmentdefinition-patient.html — the index partition of one patient, read in order. */

import type { Resource } from '../../fhir/definitions.ts'
import { indexEntriesOf } from '../../search/index/entries.ts'
import { patientsOf } from '../../search/index/lists.ts'
import { patientList } from '../../store/keys.ts'
import type { Candidate, Store, Version } from '../../store/port.ts'
import { badCursor, cursorParts, mostCharacters, writtenCursor } from './pages.ts'

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

const opaque = ({ after, order, id }: Place): string => writtenCursor([after, order, id])

/** The cursor of a compartment's first page. */
export const compartmentStart = opaque(beginning)

const placeOf = (cursor: string | undefined): Place => {
  if (cursor === undefined) return beginning
  const [after, order, id] = cursorParts(cursor)
  if (typeof after !== 'string' || typeof order !== 'string' || typeof id !== 'string') throw badCursor()
  return { after, order, id }
}

type Spot = Pick<Candidate, 'order' | 'id'>

const compare = (a: Spot, b: Spot): number => {
  if (a.order === b.order) return a.id < b.id ? -1 : Number(a.id > b.id)
  return a.order < b.order ? -1 : 1
}

const typeOf = ({ order }: Candidate): string => order.slice(0, order.indexOf('|'))

/** The index keeps a patient's list whatever server a link names; only links to this one's patient count. */
interface Compartment {
  store: Store
  base: string
  patient: string
  list: string
}

/** An entry of a version that has been replaced counts only where the resource still stands at the same place. */
const stands = (
  version: Version | undefined,
  { order }: Candidate,
  { list, base, patient }: Compartment,
): version is Version => {
  if (version === undefined || version.deleted) return false
  const resource = JSON.parse(version.text) as Resource
  const isThere = indexEntriesOf(resource, version.t).some(
    (entry) => entry.list.name === list && entry.order === order,
  )
  return isThere && patientsOf(resource, base).includes(patient)
}

/** What stands at each of the candidates. */
const standing = async (
  candidates: readonly Candidate[],
  compartment: Compartment,
): Promise<(Version | undefined)[]> => {
  const keys = candidates.map((candidate) => ({ type: typeOf(candidate), id: candidate.id }))
  const versions = await compartment.store.get(keys)
  return versions.map((version, i) =>
    stands(version, candidates[i] as Candidate, compartment) ? version : undefined,
  )
}

interface Asked {
  types: ReadonlySet<string>
  count: number
  cursor: string | undefined
}

/** Returns one page of the resources in a patient's compartment, by type and date, at most `count` of them. */
export const compartmentPage = (
  { store, base }: Pick<Compartment, 'store' | 'base'>,
  patient: string,
  asked: Asked,
): Promise<CompartmentPage> =>
  agreed(() => readOnce({ store, base, patient, list: patientList(patient).name }, asked))

/** Returns the candidates, each place once: entries of superseded versions stand beside the current one's for a while. */
const eachOnce = (candidates: readonly Candidate[]): Candidate[] => [
  ...new Map(candidates.map((candidate) => [`${candidate.order}\n${candidate.id}`, candidate])).values(),
]

/** Index items that are read at a time at the least, and how often where none is of the types that are wanted. */
const leastItems = 100
const mostReads = 20

/** Returns what is to be told from a place on, and where the list goes on behind it. */
const wantedFrom = async (
  { store, list }: Compartment,
  { types, count }: Asked,
  start: Place,
): Promise<{ wanted: Candidate[]; from: Place; after?: string }> => {
  let from = start
  for (let i = 1; ; i++) {
    const { after } = from
    const limit = Math.max(count, leastItems)
    const page = await store.page({ list, shard: 0, reverse: false, limit, ...(after && { after }) })
    const wanted = eachOnce(page.candidates).filter(
      (candidate) => (types.size === 0 || types.has(typeOf(candidate))) && compare(candidate, from) > 0,
    )
    if (page.after === undefined) return { wanted, from }
    if (wanted.length > 0 || i === mostReads) return { wanted, from, after: page.after }
    from = { ...beginning, after: page.after }
  }
}

/** While the page is told the list may change, so that it goes on behind a candidate rather than after so many. */
const readOnce = async (compartment: Compartment, asked: Asked): Promise<CompartmentPage> => {
  const { wanted, from, after } = await wantedFrom(compartment, asked, placeOf(asked.cursor))
  wanted.sort(compare)
  const { versions, done } = await standingUpTo(wanted, asked.count, compartment)
  const last = wanted[done - 1]
  if (last && wanted.length > done)
    return { versions, next: opaque({ after: from.after, order: last.order, id: last.id }) }
  return after === undefined ? { versions } : { versions, next: opaque({ ...beginning, after }) }
}

const clockSkew = 2000
const mostReadings = 5

const isYoung = ({ t }: Version): boolean => Date.parse(t) > Date.now() - clockSkew
const writesOf = ({ versions }: CompartmentPage): string =>
  versions.map(({ id, w }) => `${id}/${w}`).join(' ')

/** Reading many is not one instant: while something may be changing, it is read until two readings agree. */
const agreed = async (read: () => Promise<CompartmentPage>): Promise<CompartmentPage> => {
  let page = await read()
  for (let i = 1; i < mostReadings && page.versions.some(isYoung); i++) {
    const again = await read()
    if (writesOf(again) === writesOf(page)) return again
    page = again
  }
  return page
}

const atOnce = 200

/** Returns the current versions at the candidates until a page is full, by number or by characters, and how many it took. */
const standingUpTo = async (
  candidates: readonly Candidate[],
  count: number,
  compartment: Compartment,
): Promise<{ versions: Version[]; done: number }> => {
  const found = new Map<string, Version>()
  let size = 0
  let done = 0
  while (done < candidates.length && size < mostCharacters && found.size < count) {
    const some = candidates.slice(done, done + Math.min(atOnce, count - found.size))
    for (const version of await standing(some, compartment)) {
      if (size >= mostCharacters) break
      if (version) found.set(`${version.type}/${version.id}`, version)
      size += version?.text.length ?? 0
      done++
    }
  }
  return { versions: [...found.values()], done }
}
