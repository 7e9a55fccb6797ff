/**
 * Pages of all patients' records for `$everything`, type by type and in order of change:
 * https://hl7.org/fhir/R4/patient-operation-everything.html
 */

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
import { runSearch } from '../../search/search.ts'
import { inParallel } from '../../store/parallel.ts'
import type { Version } from '../../store/port.ts'
import type { Reader } from '../../store/reader.ts'
import type { CompartmentPage } from '../support/compartment.ts'
import { badCursor } from '../support/pages.ts'

/** A request for a page of all patients' resources. */
interface AllPatientsRequest {
  types: ReadonlySet<string>
  since: string | undefined
  count: number
  cursor: string | undefined
}

/** The reading of a page, in which all its searches are stages. */
interface WholeReading {
  reader: Reader
  base: string
  stages: Stages
}

/** The start of a page: a type, and the cursor of a search of that type. */
interface TypePosition {
  type: string
  cursor?: string
}

const patientRecordTypes = (types: ReadonlySet<string>): readonly string[] =>
  ['Patient', ...typesInCompartment('Patient').filter((type) => type !== 'Patient')].filter(
    (type) => types.size === 0 || types.has(type),
  )

const typePositionOf = (text: string): TypePosition => {
  const [type, cursor] = decodeCursor(text)
  if (typeof type !== 'string' || typeof cursor !== 'string') throw badCursor()
  return cursor === '' ? { type } : { type, cursor }
}

/**
 * Returns a search in order of change: a resource that changes meanwhile is shown again at the end, and no resource is
 * passed over.
 */
const changeOrderQuery = (
  type: string,
  { since, count }: AllPatientsRequest,
  base: string,
  cursor?: string,
): Query => {
  const { query } = parseQuery(type, [['_sort', '_lastUpdated']], { lenient: false, base })
  const page: Query = { ...query, count, total: 'none' }
  if (cursor !== undefined) return { ...page, cursor }
  return since === undefined ? page : { ...page, cursor: cursorAt(page, since) }
}

/** Returns the cursor of an instant. The type's own list is in order of change, except for a type with a clinical date. */
const cursorAt = (query: Query, since: string): string =>
  writeCursor(query, {
    by: hasClinicalDate(query.type) ? 'own:_lastUpdated' : 'type',
    at: { order: since, id: '' },
  })

/**
 * Returns a page of the resources in any patient's compartment, of the wanted types or of all. Fails with `invalid` for
 * an unknown cursor.
 */
export const allPatientsPage = async (
  asked: AllPatientsRequest,
  { reader, base }: Dispatch,
  stages: Stages,
): Promise<CompartmentPage> => {
  const context = { reader, base, stages }
  const types = patientRecordTypes(asked.types)
  const place = asked.cursor === undefined ? { type: types[0] ?? '' } : typePositionOf(asked.cursor)
  const at = types.indexOf(place.type)
  if (at < 0) {
    if (asked.cursor !== undefined) throw badCursor()
    return { versions: [] }
  }
  const read = await readFrom(types.slice(at), place, asked, context)
  return { ...read, versions: await ofExistingPatients(read.versions, context) }
}

const parallelTypeSearches = 16

/**
 * Reads a page. Most pages lie within a single type; only at its end the next types are searched, and only types with
 * resources are read.
 */
const readFrom = async (
  [type = '', ...others]: readonly string[],
  place: TypePosition,
  asked: AllPatientsRequest,
  context: WholeReading,
): Promise<CompartmentPage> => {
  const page = await runSearch(changeOrderQuery(type, asked, context.base, place.cursor), context)
  const versions = [...page.matches]
  if (page.next) return { versions, next: encodeCursor([type, page.next]) }
  const holding = await inParallel(parallelTypeSearches, others, (other) =>
    hasResources(other, asked, context),
  )
  for (const [i, other] of others.entries()) {
    if (!holding[i]) continue
    const count = asked.count - versions.length
    if (count === 0) return { versions, next: encodeCursor([other, '']) }
    const more = await runSearch(changeOrderQuery(other, { ...asked, count }, context.base), context)
    versions.push(...more.matches)
    if (more.next) return { versions, next: encodeCursor([other, more.next]) }
  }
  return { versions }
}

const hasResources = async (
  type: string,
  asked: AllPatientsRequest,
  context: WholeReading,
): Promise<boolean> => {
  const page = await runSearch(changeOrderQuery(type, { ...asked, count: 1 }, context.base), context)
  return page.matches.length > 0 || page.next !== undefined
}

/** Returns the versions whose patient exists. */
const ofExistingPatients = async (
  versions: readonly Version[],
  { stages, base }: WholeReading,
): Promise<Version[]> => {
  const owners = versions.map(({ type, text }) =>
    type === 'Patient' ? [] : patientsOf(JSON.parse(text) as Resource, base),
  )
  const ids = [...new Set(owners.flat())]
  const keys = ids.map((id) => ({ type: 'Patient', id }))
  const patients = ids.length > 0 ? await stages.stage((reader) => reader.get(keys)) : []
  const there = new Set(patients.filter((found) => found && !found.deleted).map((found) => found?.id))
  return versions.filter(({ type }, i) => type === 'Patient' || (owners[i] ?? []).some((id) => there.has(id)))
}
