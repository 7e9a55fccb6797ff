/** https://hl7.org/fhir/R4/patient-operation-everything.html */

import type { Resource } from '../../fhir/definitions.ts'
import { decodeCursor, encodeCursor } from '../../fhir/json/cursor.ts'
import { dateInterval, type Interval } from '../../fhir/values/dates.ts'
import { searchEntry } from '../../interactions/bundle/bundle-text.ts'
import { read } from '../../interactions/read.ts'
import { failure } from '../../outcome/failure.ts'
import type { Answer, Call, Dispatch, Interaction, Pairs } from '../../request/call.ts'
import { hasClinicalDate, orderPositionOf } from '../../search/index/order.ts'
import { openStages, type Stages } from '../../search/reading/stages.ts'
import type { ResourceKey, Version } from '../../store/port.ts'
import { type CompartmentPage, compartmentPage, compartmentStart } from '../support/compartment.ts'
import { inputOf, type Operation, type OperationDefinition } from '../support/operation.ts'
import { badCursor, countOf, lastOf, mostCharacters, sinceOf, sizeOf, typesOf } from '../support/pages.ts'
import { companionsOf, isCompanion } from '../support/related-resources.ts'
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
  const text = lastOf(query, name)
  const interval = text === undefined ? undefined : dateInterval(text)
  if (text !== undefined && !interval)
    throw failure('invalid', `\`${name}=${text}\` is not a date such as \`2026-01-31\`.`, name)
  return interval
}

/** Returns whether a record is of care that was given within the days; what has no date of its own always is. */
const caredWithin = (query: Pairs): ((version: Version) => boolean) => {
  const [start, end] = [dayOf(query, 'start'), dayOf(query, 'end')]
  if (!start && !end) return () => true
  return ({ type, text, t }) => {
    const { interval } = hasClinicalDate(type) ? orderPositionOf(JSON.parse(text) as Resource, t) : {}
    return !interval || ((!start || interval.high >= start.low) && (!end || interval.low <= end.high))
  }
}

/** Which resources are read, and which of them are shown. */
interface Wanted {
  types: ReadonlySet<string>
  since: string | undefined
  isWithin: (version: Version) => boolean
  count: number
  /** Where the resources that are read begin. */
  cursor: string | undefined
  /** The last that was shown of what these refer to, where they themselves were shown before. */
  after: string
}

const wantedIn = (query: Pairs): Wanted => ({
  types: typesOf(query),
  since: sinceOf(query),
  isWithin: caredWithin(query),
  count: countOf(query),
  ...placeOf(lastOf(query, '_cursor')),
})

const placeOf = (text: string | undefined): Pick<Wanted, 'cursor' | 'after'> => {
  if (text === undefined) return { cursor: undefined, after: '' }
  const [cursor, after] = decodeCursor(text)
  if (typeof cursor !== 'string' || typeof after !== 'string') throw badCursor()
  return { cursor: cursor === '' ? undefined : cursor, after }
}

/** What resources refer to may take more room than is left beside them; then it has a page of its own. */
const placeBehind = (page: CompartmentPage, { cursor = '' }: Wanted, last: string | undefined) => {
  if (last !== undefined) return encodeCursor([cursor, last])
  return page.next === undefined ? undefined : encodeCursor([page.next, ''])
}

/** What is only referred to can be shown once all that might refer to it was read. */
const typesToRead = ({ types }: Wanted): ReadonlySet<string> =>
  [...types].some(isCompanion) ? new Set() : types

/** The patient and the record are one stage: a write of both is shown whole. */
const ofOne = (
  call: Call,
  wanted: Wanted,
  context: Dispatch,
  stages: Stages,
): Promise<CompartmentPage | Answer> =>
  stages.stage((reader) => readOne(call, wanted, { ...context, store: { ...context.store, ...reader } }))

const readOne = async (call: Call, wanted: Wanted, context: Dispatch): Promise<CompartmentPage | Answer> => {
  const patient = await read({ ...call, query: [], headers: {} }, context)
  if (patient.issues || !patient.version) return patient
  const types = typesToRead(wanted)
  const isFirst = wanted.cursor === undefined
  const isTold = wanted.types.size === 0 || wanted.types.has('Patient')
  const count = isFirst && isTold ? wanted.count - 1 : wanted.count
  if (count === 0) return { versions: [patient.version], next: compartmentStart }
  const asked = { types, count, cursor: wanted.cursor }
  const page = await compartmentPage(context, call.id, asked)
  return isFirst ? { ...page, versions: [patient.version, ...page.versions] } : page
}

const ofAll = async (wanted: Wanted, context: Dispatch, stages: Stages): Promise<CompartmentPage> => {
  const { everyonePage } = await import('./everything-all.ts')
  return everyonePage({ ...wanted, types: typesToRead(wanted) }, context, stages)
}

const run: Interaction = async (asked, context) => {
  const { base } = context
  const call = { ...asked, query: inputOf(definition, asked) }
  const wanted = wantedIn(call.query)
  const { types, since, isWithin, after } = wanted
  const stages = openStages(context.store)
  const page =
    call.id === '' ? await ofAll(wanted, context, stages) : await ofOne(call, wanted, context, stages)
  if ('status' in page) return page
  const shown = page.versions.filter((version) => (!since || version.t >= since) && isWithin(version))
  const isWanted = ({ type }: ResourceKey): boolean => types.size === 0 || types.has(type)
  const matches = after === '' ? shown.filter(isWanted) : []
  const company = { after, isWanted, room: mostCharacters - sizeOf(matches) }
  const included = await stages.stage((store) => companionsOf(shown, company, { store, base }))
  stages.end()
  const entries = [
    ...matches.map((version) => searchEntry(version, 'match', base)),
    ...included.versions.map((version) => searchEntry(version, 'include', base)),
  ]
  const next = placeBehind(page, wanted, included.last)
  return searchset(entries, context, { links: pageLinks(call, definition.code, base, next) })
}

export const everythingOperation: Operation = { definition, methods: ['GET', 'POST'], action: 'search', run }
