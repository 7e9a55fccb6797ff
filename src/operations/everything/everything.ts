/** https://hl7.org/fhir/R4/patient-operation-everything.html */

import type { Resource } from '../../fhir/definitions.ts'
import { decodeCursor, encodeCursor } from '../../fhir/json/cursor.ts'
import { dateInterval, type Interval } from '../../fhir/values/dates.ts'
import { searchEntry } from '../../interactions/bundle/bundle-text.ts'
import { read } from '../../interactions/read.ts'
import { failure } from '../../outcome/failure.ts'
import type { Answer, Call, Dispatch, Interaction, Pairs } from '../../request/call.ts'
import { lastValue } from '../../request/query-text.ts'
import { hasClinicalDate, orderPositionOf } from '../../search/index/order.ts'
import { openStages, type Stages } from '../../search/reading/stages.ts'
import type { ResourceKey, Version } from '../../store/port.ts'
import { type CompartmentPage, compartmentPage, compartmentStart } from '../support/compartment.ts'
import { inputPairs, type Operation, type OperationDefinition } from '../support/operation.ts'
import {
  badCursor,
  charactersOf,
  mostCharacters,
  pageCountOf,
  sinceFilter,
  typesFilter,
} from '../support/pages.ts'
import { isRelatedType, relatedResourcesOf } from '../support/related-resources.ts'
import { pageLinks, searchset } from '../support/searchset.ts'

const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
  code: 'everything',
  resource: ['Patient'],
  affectsState: false,
  type: true,
  instance: true,
  parameter: [
    { name: 'start', use: 'in', min: 0, max: '1', type: 'date' },
    { name: 'end', use: 'in', min: 0, max: '1', type: 'date' },
    { name: '_since', use: 'in', min: 0, max: '1', type: 'instant' },
    { name: '_type', use: 'in', min: 0, max: '*', type: 'code' },
    { name: '_count', use: 'in', min: 0, max: '1', type: 'integer' },
    { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' },
  ],
}

const dayOf = (query: Pairs, name: 'start' | 'end'): Interval | undefined => {
  const text = lastValue(query, name)
  const interval = text === undefined ? undefined : dateInterval(text)
  if (text !== undefined && !interval)
    throw failure('invalid', `\`${name}=${text}\` is not a date such as \`2026-01-31\`.`, name)
  return interval
}

/**
 * Returns a filter for care given from the day of `start` to the day of `end`; a resource without a clinical date always
 * passes.
 */
const caredWithin = (query: Pairs): ((version: Version) => boolean) => {
  const [start, end] = [dayOf(query, 'start'), dayOf(query, 'end')]
  if (!start && !end) return () => true
  return ({ type, text, t }) => {
    const { interval } = hasClinicalDate(type) ? orderPositionOf(JSON.parse(text) as Resource, t) : {}
    return !interval || ((!start || interval.high >= start.low) && (!end || interval.low <= end.high))
  }
}

/** A request for a page: the resources to read, and the filters for the resources to show. */
interface EverythingRequest {
  types: ReadonlySet<string>
  since: string | undefined
  isWithin: (version: Version) => boolean
  count: number
  /** The position of the first resource to read. */
  cursor: string | undefined
  /** The last related resource shown by the previous page, if that page had no room for the rest; otherwise empty. */
  after: string
}

const everythingRequestIn = (query: Pairs): EverythingRequest => ({
  types: typesFilter(query),
  since: sinceFilter(query),
  isWithin: caredWithin(query),
  count: pageCountOf(query),
  ...everythingPositionOf(lastValue(query, '_cursor')),
})

const everythingPositionOf = (text: string | undefined): Pick<EverythingRequest, 'cursor' | 'after'> => {
  if (text === undefined) return { cursor: undefined, after: '' }
  const [cursor, after] = decodeCursor(text)
  if (typeof cursor !== 'string' || typeof after !== 'string') throw badCursor()
  return { cursor: cursor === '' ? undefined : cursor, after }
}

/** Returns the cursor of the next page: related resources without room on this page get a page of their own. */
const nextEverythingCursor = (
  page: CompartmentPage,
  { cursor = '' }: EverythingRequest,
  last: string | undefined,
) => {
  if (last !== undefined) return encodeCursor([cursor, last])
  return page.next === undefined ? undefined : encodeCursor([page.next, ''])
}

/** Returns the types to read. A related type is found in resources of any type, so all types are read for such a type. */
const typesReadFor = ({ types }: EverythingRequest): ReadonlySet<string> =>
  [...types].some(isRelatedType) ? new Set() : types

/** Reads the patient and the record in a single stage, so that a write of both is shown whole. */
const singlePatientPage = (
  call: Call,
  wanted: EverythingRequest,
  context: Dispatch,
  stages: Stages,
): Promise<CompartmentPage | Answer> =>
  stages.stage((reader) =>
    readPatientPage(call, wanted, { ...context, reader: { ...context.reader, ...reader } }),
  )

const readPatientPage = async (
  call: Call,
  wanted: EverythingRequest,
  context: Dispatch,
): Promise<CompartmentPage | Answer> => {
  const patient = await read({ ...call, query: [], headers: {} }, context)
  if (patient.issues || !patient.version) return patient
  const types = typesReadFor(wanted)
  const isFirst = wanted.cursor === undefined
  const isShown = wanted.types.size === 0 || wanted.types.has('Patient')
  const count = isFirst && isShown ? wanted.count - 1 : wanted.count
  if (count === 0) return { versions: [patient.version], next: compartmentStart }
  const asked = { types, count, cursor: wanted.cursor }
  const page = await compartmentPage(context, call.id, asked)
  return isFirst ? { ...page, versions: [patient.version, ...page.versions] } : page
}

const readAllPatients = async (
  wanted: EverythingRequest,
  context: Dispatch,
  stages: Stages,
): Promise<CompartmentPage> => {
  const { allPatientsPage } = await import('./everything-all.ts')
  return allPatientsPage({ ...wanted, types: typesReadFor(wanted) }, context, stages)
}

const runPatientEverything: Interaction = async (asked, context) => {
  const { base } = context
  const call = { ...asked, query: inputPairs(definition, asked) }
  const wanted = everythingRequestIn(call.query)
  const { types, since, isWithin, after } = wanted
  const stages = openStages(context.reader)
  const page =
    call.id === ''
      ? await readAllPatients(wanted, context, stages)
      : await singlePatientPage(call, wanted, context, stages)
  if ('status' in page) return page
  const shown = page.versions.filter((version) => (!since || version.t >= since) && isWithin(version))
  const isWanted = ({ type }: ResourceKey): boolean => types.size === 0 || types.has(type)
  const matches = after === '' ? shown.filter(isWanted) : []
  const scope = { after, isWanted, room: mostCharacters - charactersOf(matches) }
  const included = await stages.stage((reader) => relatedResourcesOf(shown, scope, { reader, base }))
  stages.end()
  const entries = [
    ...matches.map((version) => searchEntry(version, 'match', base)),
    ...included.versions.map((version) => searchEntry(version, 'include', base)),
  ]
  const next = nextEverythingCursor(page, wanted, included.last)
  return searchset(entries, context, { links: pageLinks(call, definition.code, base, next) })
}

export const everythingOperation: Operation = {
  definition,
  methods: ['GET', 'POST'],
  action: 'search',
  run: runPatientEverything,
}
