/** https://hl7.org/fhir/R4/compartmentdefinition-patient.html — the index partition of one patient, read in order. */

import type { Resource } from '../fhir/definitions.ts'
import { entriesOf } from '../search/entries.ts'
import { patientList } from '../store/keys.ts'
import type { Candidate, Store, Version } from '../store/port.ts'
import { badCursor, cursorParts, writtenCursor } from './pages.ts'

/** Where a page begins: after a position of the list, and how many candidates of that page were told already. */
interface Place {
  after?: string
  skip: number
}

export interface CompartmentPage {
  versions: Version[]
  next?: string
}

const opaque = ({ after, skip }: Place): string => writtenCursor([after ?? '', skip])

const placeOf = (cursor: string | undefined): Place => {
  if (cursor === undefined) return { skip: 0 }
  const [after, skip] = cursorParts(cursor)
  if (typeof after !== 'string' || !Number.isSafeInteger(skip) || Number(skip) < 0) throw badCursor()
  return { ...(after !== '' && { after }), skip: Number(skip) }
}

const typeOf = ({ order }: Candidate): string => order.slice(0, order.indexOf('|'))

/** An entry of a version that has been replaced counts only where the resource still stands at the same place. */
const stands = (version: Version | undefined, { order }: Candidate, list: string): version is Version =>
  version !== undefined &&
  !version.deleted &&
  entriesOf(JSON.parse(version.text) as Resource, version.t).some(
    (entry) => entry.list.name === list && entry.order === order,
  )

const settled = async (candidates: readonly Candidate[], list: string, store: Store): Promise<Version[]> => {
  const keys = candidates.map((candidate) => ({ type: typeOf(candidate), id: candidate.id }))
  const versions = await store.get(keys)
  const standing = versions.filter((version, i) => stands(version, candidates[i] as Candidate, list))
  const byPath = new Map(
    standing.flatMap((version) => (version ? [[`${version.type}/${version.id}`, version]] : [])),
  )
  return [...byPath.values()] as Version[]
}

/** Returns one page of the resources in a patient's compartment, by type and date, at most `count` of them. */
export const compartmentPage = async (
  store: Store,
  patient: string,
  { types, count, cursor }: { types: ReadonlySet<string>; count: number; cursor: string | undefined },
): Promise<CompartmentPage> => {
  const { name } = patientList(patient)
  const { after, skip } = placeOf(cursor)
  const page = await store.page({
    list: name,
    shard: 0,
    reverse: false,
    limit: count,
    ...(after && { after }),
  })
  const wanted = page.candidates.filter((candidate) => types.size === 0 || types.has(typeOf(candidate)))
  const versions = await settled(wanted.slice(skip, skip + count), name, store)
  if (wanted.length > skip + count)
    return { versions, next: opaque({ ...(after && { after }), skip: skip + count }) }
  return page.after === undefined ? { versions } : { versions, next: opaque({ after: page.after, skip: 0 }) }
}
