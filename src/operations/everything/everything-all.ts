/** https://hl7.org/fhir/R4/patient-operation-everything.html — of all patients: type by type, what changed first comes first. */

import type { Resource } from '../../fhir/definitions.ts'
import { decodeCursor, encodeCursor } from '../../fhir/json/cursor.ts'
import { typesInCompartment } from '../../fhir/parameters.ts'
import type { Dispatch } from '../../request/call.ts'
import { writeCursor } from '../../search/cursor.ts'
import { patientsOf } from '../../search/index/lists.ts'
import { hasClinicalDate } from '../../search/index/order.ts'
import { parseQuery } from '../../search/parse/parse.ts'
import type { Query } from '../../search/query.ts'
import type { Stages } from '../../search/reading/stages.ts'
import { search } from '../../search/search.ts'
import { inParallel } from '../../store/parallel.ts'
import type { Store, Version } from '../../store/port.ts'
import type { CompartmentPage } from '../support/compartment.ts'
import { badCursor } from '../support/pages.ts'

/** What is read of all patients. */
interface Asked {
  types: ReadonlySet<string>
  since: string | undefined
  count: number
  cursor: string | undefined
}

/** The one reading that all searches of a page are part of. */
interface WholeReading {
  store: Store
  base: string
  stages: Stages
}

/** Where a page begins: in which type, and where there. */
interface Place {
  type: string
  cursor?: string
}

const typesToRead = (types: ReadonlySet<string>): readonly string[] =>
  ['Patient', ...typesInCompartment('Patient').filter((type) => type !== 'Patient')].filter(
    (type) => types.size === 0 || types.has(type),
  )

const placeOf = (text: string): Place => {
  const [type, cursor] = decodeCursor(text)
  if (typeof type !== 'string' || typeof cursor !== 'string') throw badCursor()
  return cursor === '' ? { type } : { type, cursor }
}

/** In order of change a resource that changes meanwhile comes once more at the end, and none is passed over. */
const queryOf = (type: string, { since, count }: Asked, base: string, cursor?: string): Query => {
  const { query } = parseQuery(type, [['_sort', '_lastUpdated']], { lenient: false, base })
  const page: Query = { ...query, count, total: 'none' }
  if (cursor !== undefined) return { ...page, cursor }
  return since === undefined ? page : { ...page, cursor: cursorAt(page, since) }
}

/** The order of change is that of the type's own lists, unless these go by a clinical date. */
const cursorAt = (query: Query, since: string): string =>
  writeCursor(query, {
    by: hasClinicalDate(query.type) ? 'own:_lastUpdated' : 'type',
    at: { order: since, id: '' },
  })

/** Returns one page of the resources in any patient's compartment, those of the types alone where any are named. */
export const everyonePage = async (
  asked: Asked,
  { store, base }: Dispatch,
  stages: Stages,
): Promise<CompartmentPage> => {
  const context = { store, base, stages }
  const types = typesToRead(asked.types)
  const place = asked.cursor === undefined ? { type: types[0] ?? '' } : placeOf(asked.cursor)
  const at = types.indexOf(place.type)
  if (at < 0) {
    if (asked.cursor !== undefined) throw badCursor()
    return { versions: [] }
  }
  const read = await readFrom(types.slice(at), place, asked, context)
  return { ...read, versions: await owned(read.versions, context) }
}

const width = 16

/** Most pages lie within one type; only where it ends the others are looked at, and those that have anything read. */
const readFrom = async (
  [type = '', ...others]: readonly string[],
  place: Place,
  asked: Asked,
  context: WholeReading,
): Promise<CompartmentPage> => {
  const page = await search(queryOf(type, asked, context.base, place.cursor), context)
  const versions = [...page.matches]
  if (page.next) return { versions, next: encodeCursor([type, page.next]) }
  const holding = await inParallel(width, others, (other) => holds(other, asked, context))
  for (const [i, other] of others.entries()) {
    if (!holding[i]) continue
    const count = asked.count - versions.length
    if (count === 0) return { versions, next: encodeCursor([other, '']) }
    const more = await search(queryOf(other, { ...asked, count }, context.base), context)
    versions.push(...more.matches)
    if (more.next) return { versions, next: encodeCursor([other, more.next]) }
  }
  return { versions }
}

const holds = async (type: string, asked: Asked, context: WholeReading): Promise<boolean> => {
  const page = await search(queryOf(type, { ...asked, count: 1 }, context.base), context)
  return page.matches.length > 0 || page.next !== undefined
}

/** What is of no patient that exists is not of anybody's record. */
const owned = async (versions: readonly Version[], { stages, base }: WholeReading): Promise<Version[]> => {
  const owners = versions.map(({ type, text }) =>
    type === 'Patient' ? [] : patientsOf(JSON.parse(text) as Resource, base),
  )
  const ids = [...new Set(owners.flat())]
  const keys = ids.map((id) => ({ type: 'Patient', id }))
  const patients = ids.length > 0 ? await stages.stage((reader) => reader.get(keys)) : []
  const there = new Set(patients.filter((found) => found && !found.deleted).map((found) => found?.id))
  return versions.filter(({ type }, i) => type === 'Patient' || (owners[i] ?? []).some((id) => there.has(id)))
}
