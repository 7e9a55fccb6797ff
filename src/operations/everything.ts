/** https://hl7.org/fhir/R4/patient-operation-everything.html */

import { dateInterval, type Interval } from '../fhir/dates.ts'
import type { Resource } from '../fhir/definitions.ts'
import { searchEntry } from '../interactions/bundle-text.ts'
import type { Answer, Call, Dispatch, Interaction, Pairs } from '../interactions/call.ts'
import { read } from '../interactions/read.ts'
import { failure } from '../outcome/failure.ts'
import { hasClinicalDate, standingOf } from '../search/order.ts'
import type { Version } from '../store/port.ts'
import { companionsOf, isCompanion } from './companions.ts'
import { type CompartmentPage, compartmentPage } from './compartment.ts'
import { inputOf, type Operation, type OperationDefinition } from './operation.ts'
import { countOf, lastOf, sinceOf, typesOf } from './pages.ts'
import { pageLinks, searchset } from './searchset.ts'

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
    const { interval } = hasClinicalDate(type) ? standingOf(JSON.parse(text) as Resource, t) : {}
    return !interval || ((!start || interval.high >= start.low) && (!end || interval.low <= end.high))
  }
}

/** Which resources are read, and which of them told. */
interface Wanted {
  types: ReadonlySet<string>
  since: string | undefined
  isWithin: (version: Version) => boolean
  count: number
  cursor: string | undefined
}

const wantedIn = (query: Pairs): Wanted => ({
  types: typesOf(query),
  since: sinceOf(query),
  isWithin: caredWithin(query),
  count: countOf(query),
  cursor: lastOf(query, '_cursor'),
})

/** What is only referred to can be told once all that might refer to it was read. */
const typesToRead = ({ types }: Wanted): ReadonlySet<string> =>
  [...types].some(isCompanion) ? new Set() : types

const ofOne = async (call: Call, wanted: Wanted, context: Dispatch): Promise<CompartmentPage | Answer> => {
  const patient = await read({ ...call, query: [], headers: {} }, context)
  if (patient.issues || !patient.version) return patient
  const asked = { types: typesToRead(wanted), count: wanted.count, cursor: wanted.cursor }
  const page = await compartmentPage(context.store, call.id, asked)
  return wanted.cursor === undefined ? { ...page, versions: [patient.version, ...page.versions] } : page
}

const ofAll = async (wanted: Wanted, context: Dispatch): Promise<CompartmentPage> => {
  const { everyonePage } = await import('./everyone.ts')
  return everyonePage({ ...wanted, types: typesToRead(wanted) }, context)
}

const run: Interaction = async (asked, context) => {
  const { store, base } = context
  const call = { ...asked, query: inputOf(definition, asked) }
  const wanted = wantedIn(call.query)
  const { types, since, isWithin } = wanted
  const page = call.id === '' ? await ofAll(wanted, context) : await ofOne(call, wanted, context)
  if ('status' in page) return page
  const told = page.versions.filter((version) => (!since || version.t >= since) && isWithin(version))
  const isWanted = ({ type }: Version): boolean => types.size === 0 || types.has(type)
  const matches = told.filter(isWanted)
  const isAlone = types.size > 0 && ![...types].some(isCompanion)
  const included = isAlone ? [] : (await companionsOf(told, store, base)).filter(isWanted)
  const entries = [
    ...matches.map((version) => searchEntry(version, 'match', base)),
    ...included.map((version) => searchEntry(version, 'include', base)),
  ]
  return searchset(entries, context, { links: pageLinks(call, definition.code, base, page.next) })
}

export const everythingOperation: Operation = { definition, methods: ['GET', 'POST'], action: 'search', run }
