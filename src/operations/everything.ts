/** https://hl7.org/fhir/R4/patient-operation-everything.html */

import { dateInterval, type Interval } from '../fhir/dates.ts'
import type { Resource } from '../fhir/definitions.ts'
import { parseLink } from '../fhir/references.ts'
import { isResourceType } from '../fhir/types.ts'
import { type BundleLink, bundleText, searchEntry } from '../interactions/bundle-text.ts'
import type { Call, Interaction, Pairs } from '../interactions/call.ts'
import { read } from '../interactions/read.ts'
import { failure } from '../outcome/failure.ts'
import { unknownType } from '../outcome/messages.ts'
import { hasClinicalDate, standingOf } from '../search/order.ts'
import type { ResourceKey, Store, Version } from '../store/port.ts'
import { queryText } from '../write/query-text.ts'
import { compartmentPage } from './compartment.ts'
import { inputOf, type Operation, type OperationDefinition } from './operation.ts'

const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
  code: 'everything',
  resource: ['Patient'],
  affectsState: false,
  type: false,
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

const defaultCount = 200
const maxCount = 1000

const last = (query: Pairs, name: string): string | undefined => query.findLast(([key]) => key === name)?.[1]

const countOf = (query: Pairs): number => {
  const text = last(query, '_count') ?? String(defaultCount)
  if (!/^[1-9]\d*$/.test(text))
    throw failure('invalid', `\`_count=${text}\` is not a number from 1 to ${maxCount}.`)
  return Math.min(Number(text), maxCount)
}

const typesOf = (query: Pairs): ReadonlySet<string> => {
  const types = query.filter(([name]) => name === '_type').flatMap(([, value]) => value.split(','))
  const unknown = types.find((type) => !isResourceType(type))
  if (unknown !== undefined) throw unknownType(unknown)
  return new Set(types)
}

const sinceOf = (query: Pairs): string | undefined => {
  const text = last(query, '_since')?.replace(' ', '+')
  if (text === undefined) return undefined
  if (Number.isNaN(Date.parse(text))) throw failure('invalid', `\`_since=${text}\` is not an instant.`)
  return new Date(text).toISOString()
}

const dayOf = (query: Pairs, name: 'start' | 'end'): Interval | undefined => {
  const text = last(query, name)
  const interval = text === undefined ? undefined : dateInterval(text)
  if (text !== undefined && !interval)
    throw failure('invalid', `\`${name}=${text}\` is not a date such as \`2026-01-31\`.`)
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

/** What a record refers to and cannot be read without, though it is nobody's own. */
const companions = new Set([
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'Location',
  'Medication',
  'Device',
])

const reference = /"reference"\s*:\s*"([^"\\]+)"/g

const linksIn = ({ text }: Version, base: string): ResourceKey[] =>
  [...text.matchAll(reference)].flatMap(([, link = '']) => {
    const target = parseLink(link, base)
    return target?.kind === 'local' && companions.has(target.type)
      ? [{ type: target.type, id: target.id }]
      : []
  })

const pathOf = ({ type, id }: ResourceKey): string => `${type}/${id}`

const companionsOf = async (versions: readonly Version[], store: Store, base: string): Promise<Version[]> => {
  const told = new Set(versions.map(pathOf))
  const wanted = new Map(
    versions.flatMap((version) => linksIn(version, base)).map((key) => [pathOf(key), key]),
  )
  const keys = [...wanted.values()].filter((key) => !told.has(pathOf(key)))
  const found = keys.length > 0 ? await store.get(keys) : []
  return found.filter((version) => version !== undefined).filter(({ deleted }) => !deleted)
}

const urlOf = (call: Call, base: string, pairs: Pairs): string => {
  const query = queryText(pairs)
  return `${base}/${call.type}/${call.id}/$everything${query === '' ? '' : `?${query}`}`
}

const linksOf = (call: Call, base: string, next: string | undefined): BundleLink[] => {
  const self = { relation: 'self', url: urlOf(call, base, call.query) }
  if (next === undefined) return [self]
  const pairs = [...call.query.filter(([name]) => name !== '_cursor'), ['_cursor', next] as const]
  return [self, { relation: 'next', url: urlOf(call, base, pairs) }]
}

const run: Interaction = async (asked, context) => {
  const call = { ...asked, query: inputOf(definition, asked) }
  const { store, base, now } = context
  const isWithin = caredWithin(call.query)
  const types = typesOf(call.query)
  const since = sinceOf(call.query)
  const cursor = last(call.query, '_cursor')
  const patient = await read({ ...call, query: [], headers: {} }, context)
  if (patient.issues || !patient.version) return patient
  const page = await compartmentPage(store, call.id, { types, count: countOf(call.query), cursor })
  const own = cursor === undefined ? [patient.version, ...page.versions] : page.versions
  const matches = own
    .filter(({ type, t }) => (types.size === 0 || types.has(type)) && (!since || t >= since))
    .filter(isWithin)
  const included = types.size === 0 ? await companionsOf(matches, store, base) : []
  return {
    status: 200,
    text: bundleText({
      type: 'searchset',
      id: crypto.randomUUID(),
      timestamp: new Date(now()).toISOString(),
      links: linksOf(call, base, page.next),
      entries: [
        ...matches.map((version) => searchEntry(version, 'match', base)),
        ...included.map((version) => searchEntry(version, 'include', base)),
      ],
    }),
  }
}

export const everythingOperation: Operation = { definition, methods: ['GET', 'POST'], action: 'search', run }
