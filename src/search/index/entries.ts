import { addressOf, innerResources, linkFromOutside } from '../../fhir/contained.ts'
import type { Resource, SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { extractAll, searchParameters } from '../../fhir/parameters.ts'
import type { Interval } from '../../fhir/values/dates.ts'
import {
  innerList,
  lastUpdatedList,
  patientList,
  rangeList,
  sideList,
  stringList,
  typeList,
  valueList,
} from '../../store/keys.ts'
import type { Entry, List } from '../../store/port.ts'
import { spanClassOf } from '../../store/spans.ts'
import { rulesOfType } from '../types/index.ts'
import type { IndexPlace } from '../types/rules.ts'
import { facetOf, packFacets } from './facets.ts'
import { firstEntryParameters } from './first-entry.ts'
import { compartmentSources, patientOf, patientsOf } from './lists.ts'
import { hasClinicalDate, type OrderPosition, orderParameter, orderPositionOf } from './order.ts'
import { listsOfWords, remembersWords } from './words.ts'

/** A value that a parameter found in a resource, and its places in the index. */
interface IndexedValue {
  readonly parameter: SearchParameter
  readonly places: readonly IndexPlace[]
  /** A link to the patient in whose compartment the resource therefore is. */
  readonly patient: string | undefined
}

/** Returns everywhere a resource with an id, last changed at `t`, is to be found, also by a tenant's own parameters. */
export const indexEntriesOf = (
  resource: Resource,
  t: string,
  own: readonly SearchParameter[] = [],
): Entry[] => [
  ...valueEntries(resource, t, own),
  ...(remembersWords() ? wordEntries(resource, t) : []),
  ...[...Map.groupBy(innerResources(resource), ({ resourceType }) => resourceType).values()].flatMap(
    (alike) => alike.flatMap((inner, nth) => innerEntries(inner, nth, t)),
  ),
]

/**
 * Contained resources are listed apart, under their address; they have no lists for custom parameters and
 * words.
 */
const innerEntries = (inner: Resource, nth: number, t: string): Entry[] => {
  const id = valueList(inner.resourceType, '_id', inner.id ?? '')
  return [...valueEntries(inner, t), { list: id, order: orderPositionOf(inner, t).order }].map((entry) => ({
    ...entry,
    list: innerList(entry.list),
    as: addressOf(inner),
    nth,
  }))
}

/**
 * Returns the entries for a resource's words. All entries of one write share one order, and so the items of
 * their words.
 */
export const wordEntries = (resource: Resource, t: string): Entry[] =>
  listsOfWords(resource).map((list) => ({ list, order: t }))

/** Returns everywhere a resource is to be found by its values, words left out. */
export const valueEntries = (
  resource: Resource,
  t: string,
  own: readonly SearchParameter[] = [],
): Entry[] => {
  const type = resource.resourceType
  const standing = orderPositionOf(resource, t)
  const found = indexedValues(resource)
  const parts = [...firstEntryParameters(type), ...own]
  return distinctEntries([
    ...listingEntries(type, standing, t),
    ...compartmentEntries(resource, standing, found),
    ...found.flatMap((each) => placedEntries(type, standing, each)),
    ...(parts.length > 0 ? customEntries(parts, resource, t) : []),
  ])
}

/** Returns where a resource is to be found by a tenant's own parameters alone. */
export const customEntries = (own: readonly SearchParameter[], resource: Resource, t: string): Entry[] => {
  const type = resource.resourceType
  const standing = orderPositionOf(resource, t)
  const found = own
    .flatMap((parameter) => parameter.own?.parts ?? [parameter])
    .flatMap((parameter) => listedValues(resource, parameter))
  return distinctEntries(found.flatMap((each) => placedEntries(type, standing, each)))
}

const listedValues = (resource: Resource, parameter: SearchParameter): readonly IndexedValue[] => {
  const { own } = parameter
  const listed = { ...parameter, code: own?.list ?? parameter.code }
  return own?.of(resource).map((value) => foundValue(resource, listed, value)) ?? []
}

const unlisted = new Set(['_id', '_lastUpdated'])

const indexedParametersByType = new Map<string, readonly SearchParameter[]>()

/**
 * Returns the parameters that need entries of their own; the values of the rest are among another parameter's
 * values.
 */
const indexedParameters = (type: string): readonly SearchParameter[] => {
  const known = indexedParametersByType.get(type)
  if (known) return known
  const parameters = [...searchParameters(type).values()].filter(
    ({ code, within }) => within === undefined && !unlisted.has(code) && code !== orderParameter(type),
  )
  indexedParametersByType.set(type, parameters)
  return parameters
}

const indexedValues = (resource: Resource): readonly IndexedValue[] => {
  const values = extractAll(resource)
  return indexedParameters(resource.resourceType).flatMap((parameter) =>
    (values.get(parameter.code) ?? []).map((value) => foundValue(resource, parameter, value)),
  )
}

const foundValue = (resource: Resource, parameter: SearchParameter, value: TypedValue): IndexedValue => {
  const isLink = parameter.type === 'reference'
  const linksPatients = isLink && compartmentSources(resource.resourceType).has(parameter.code)
  return {
    parameter,
    places: rulesOfType(parameter.type)?.places(isLink ? linkFromOutside(resource, value) : value) ?? [],
    patient: linksPatients ? patientOf(value) : undefined,
  }
}

const listingEntries = (type: string, standing: OrderPosition, t: string): readonly Entry[] => {
  const listing = dateEntries(typeList(type), standing.order, standing.interval)
  return hasClinicalDate(type) ? [...listing, { list: lastUpdatedList(type), order: t }] : listing
}

const compartmentEntries = (
  resource: Resource,
  { order, interval }: OrderPosition,
  found: readonly IndexedValue[],
): readonly Entry[] => {
  const patients = patientsOf(resource)
  if (patients.length === 0) return []
  const facets = packFacets(new Set(found.flatMap(facetsOfValue)))
  return patients
    .flatMap((id) => dateEntries(patientList(id), `${resource.resourceType}|${order}`, interval))
    .map((entry) => (facets ? { ...entry, facets } : entry))
}

/** A reference to a patient is found in the patient's compartment; its identifier has a list. */
const hasOwnList = (place: IndexPlace, patient: string | undefined): boolean =>
  patient === undefined || (place.kind === 'value' && place.under !== undefined)

const facetsOfValue = ({ parameter, places, patient }: IndexedValue): readonly number[] => {
  if (parameter.type !== 'token' && parameter.type !== 'reference') return []
  return places.flatMap((place) =>
    place.kind === 'value' && hasOwnList(place, patient)
      ? [facetOf(`${parameter.code}${place.under ?? ''}`, place.value)]
      : [],
  )
}

const placedEntries = (
  type: string,
  standing: OrderPosition,
  { parameter, places, patient }: IndexedValue,
): readonly Entry[] =>
  places
    .filter((place) => hasOwnList(place, patient))
    .flatMap((place) => entriesAt(type, parameter.code, standing, place))

const entriesAt = (
  type: string,
  code: string,
  standing: OrderPosition,
  place: IndexPlace,
): readonly Entry[] => {
  if (place.kind === 'text') {
    return [{ list: stringList(type, code, place.text.charAt(0)), order: place.text }]
  }
  if (place.kind === 'value') {
    const name = `${code}${place.under ?? ''}`
    return [{ list: valueList(type, name, place.value, place.list), order: standing.order }]
  }
  const list = rangeList(type, `${code}${place.under ?? ''}`, place.list)
  return place.list === 'date' ? dateEntries(list, place.low, place) : numberEntries(list, place)
}

/**
 * An interval is listed at its low end; an interval longer than a day also in the side list for its length.
 */
const dateEntries = (list: List, order: string, interval: Interval | undefined): readonly Entry[] => {
  if (!interval || interval.high === interval.low) return [{ list, order }]
  const span = spanClassOf(Date.parse(interval.high) - Date.parse(interval.low))
  const entry = { list, order, high: interval.high }
  return span ? [entry, { ...entry, list: sideList(list, span) }] : [entry]
}

const numberEntries = (list: List, { low, high }: { low: string; high: string }): readonly Entry[] => {
  if (low === high) return [{ list, order: low }]
  const entry = { list, order: low, high }
  return [entry, { ...entry, list: sideList(list, 'open') }]
}

const distinctEntries = (entries: readonly Entry[]): Entry[] => [
  ...new Map(entries.map((entry) => [`${entry.list.name}\n${entry.order}`, entry])).values(),
]
