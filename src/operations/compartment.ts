/** https://hl7.org/fhir/R4/compartmentdefinition-patient.html — the index partition of one patient, read in order. */

import type { Resource } from '../fhir/definitions.ts'
import { entriesOf } from '../search/entries.ts'
import { patientList } from '../store/keys.ts'
import type { Candidate, Store, Version } from '../store/port.ts'
import { badCursor, cursorParts, mostCharacters, writtenCursor } from './pages.ts'

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

/** What stands at each of the candidates. */
const standing = async (
  candidates: readonly Candidate[],
  list: string,
  store: Store,
): Promise<(Version | undefined)[]> => {
  const keys = candidates.map((candidate) => ({ type: typeOf(candidate), id: candidate.id }))
  const versions = await store.get(keys)
  return versions.map((version, i) =>
    stands(version, candidates[i] as Candidate, list) ? version : undefined,
  )
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
  const { versions, done } = await settledUpTo(wanted.slice(0, skip + count), skip, name, store)
  if (wanted.length > done) return { versions, next: opaque({ ...(after && { after }), skip: done }) }
  return page.after === undefined ? { versions } : { versions, next: opaque({ after: page.after, skip: 0 }) }
}

const atOnce = 200

/** Returns what stands from a candidate on, until a page has as many characters as it may, and how far that was. */
const settledUpTo = async (
  candidates: readonly Candidate[],
  from: number,
  list: string,
  store: Store,
): Promise<{ versions: Version[]; done: number }> => {
  const found = new Map<string, Version>()
  let size = 0
  let done = from
  while (done < candidates.length && size < mostCharacters) {
    for (const version of await standing(candidates.slice(done, done + atOnce), list, store)) {
      if (size >= mostCharacters) break
      if (version) found.set(`${version.type}/${version.id}`, version)
      size += version?.text.length ?? 0
      done++
    }
  }
  return { versions: [...found.values()], done }
}
