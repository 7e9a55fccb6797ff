import type { Interval } from '../fhir/dates.ts'
import type { Resource, SearchParameter, TypedValue } from '../fhir/definitions.ts'
import { extractAll, searchParameters } from '../fhir/parameters.ts'
import {
  lastUpdatedList,
  patientList,
  rangeList,
  sideList,
  spanClassOf,
  stringList,
  typeList,
  valueList,
} from '../store/keys.ts'
import type { Entry, List } from '../store/port.ts'
import { facetOf, packFacets } from './facets.ts'
import { compartmentSources, patientOf, patientsOf } from './lists.ts'
import { hasClinicalDate, orderParameter, type Standing, standingOf } from './order.ts'
import { rulesOf } from './types/index.ts'
import type { Place } from './types/rules.ts'

/** A value that a parameter found in a resource. */
interface Found {
  parameter: SearchParameter
  value: TypedValue
}

/** Returns everywhere a resource with an id, last changed at `t`, is to be found. */
export const entriesOf = (resource: Resource, t: string): Entry[] => {
  const standing = standingOf(resource, t)
  const found = indexedValues(resource)
  const entries = [
    ...listingEntries(resource.resourceType, standing, t),
    ...compartmentEntries(resource, standing, found),
    ...found.flatMap((each) => placedEntries(resource.resourceType, standing, each)),
  ]
  return distinct(entries)
}

/** The values that need entries of their own: not those that lie within another parameter's. */
const indexedValues = (resource: Resource): readonly Found[] => {
  const values = extractAll(resource)
  const parameters = [...searchParameters(resource.resourceType).values()]
  return parameters
    .filter((parameter) => isIndexed(resource.resourceType, parameter))
    .flatMap((parameter) => (values.get(parameter.code) ?? []).map((value) => ({ parameter, value })))
}

const unlisted = new Set(['_id', '_lastUpdated'])

const isIndexed = (type: string, { code, within }: SearchParameter): boolean =>
  within === undefined && !unlisted.has(code) && code !== orderParameter(type)

const listingEntries = (type: string, standing: Standing, t: string): readonly Entry[] => {
  const listing = spread(typeList(type), standing.order, standing.interval)
  return hasClinicalDate(type) ? [...listing, { list: lastUpdatedList(type), order: t }] : listing
}

const compartmentEntries = (
  resource: Resource,
  { order, interval }: Standing,
  found: readonly Found[],
): readonly Entry[] => {
  const patients = patientsOf(resource)
  if (patients.length === 0) return []
  const facets = packFacets(new Set(found.flatMap((each) => facetsOf(resource.resourceType, each))))
  return patients
    .flatMap((id) => spread(patientList(id), `${resource.resourceType}|${order}`, interval))
    .map((entry) => (facets ? { ...entry, facets } : entry))
}

const facetsOf = (type: string, { parameter, value }: Found): readonly number[] => {
  if (parameter.type !== 'token' && parameter.type !== 'reference') return []
  if (isCompartmentLink(type, { parameter, value })) return []
  return placesOf({ parameter, value })
    .filter((place) => place.kind === 'value')
    .map((place) => facetOf(`${parameter.code}${place.under ?? ''}`, place.value))
}

const isCompartmentLink = (type: string, { parameter, value }: Found): boolean =>
  parameter.type === 'reference' &&
  compartmentSources(type).has(parameter.code) &&
  patientOf(value) !== undefined

const placesOf = ({ parameter, value }: Found): readonly Place[] =>
  rulesOf(parameter.type)?.places(value) ?? []

const placedEntries = (type: string, standing: Standing, found: Found): readonly Entry[] =>
  placesOf(found)
    .filter((place) => !isInCompartment(type, found, place))
    .flatMap((place) => entriesAt(type, found.parameter.code, standing, place))

/** The identifier beside a link to a patient keeps its list; the link itself is found in the compartment. */
const isInCompartment = (type: string, found: Found, place: Place): boolean =>
  place.kind === 'value' && place.under === undefined && isCompartmentLink(type, found)

const entriesAt = (type: string, code: string, standing: Standing, place: Place): readonly Entry[] => {
  if (place.kind === 'text') {
    return [{ list: stringList(type, code, place.text.charAt(0)), order: place.text }]
  }
  if (place.kind === 'value') {
    return [
      {
        list: valueList(type, `${code}${place.under ?? ''}`, place.value, place.list),
        order: standing.order,
      },
    ]
  }
  const list = rangeList(type, code, place.list)
  return place.list === 'date' ? spread(list, place.low, place) : widespread(list, place)
}

/** An interval stands at its low end; one longer than a day also in the side list for its length. */
const spread = (list: List, order: string, interval: Interval | undefined): readonly Entry[] => {
  if (!interval || interval.high === interval.low) return [{ list, order }]
  const span = spanClassOf(Date.parse(interval.high) - Date.parse(interval.low))
  const entry = { list, order, high: interval.high }
  return span ? [entry, { ...entry, list: sideList(list, span) }] : [entry]
}

const widespread = (list: List, { low, high }: { low: string; high: string }): readonly Entry[] => {
  if (low === high) return [{ list, order: low }]
  const entry = { list, order: low, high }
  return [entry, { ...entry, list: sideList(list, 'open') }]
}

const distinct = (entries: readonly Entry[]): Entry[] => [
  ...new Map(entries.map((entry) => [`${entry.list.name}\n${entry.order}`, entry])).values(),
]
