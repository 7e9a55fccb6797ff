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
import { rulesOf } from '../types/index.ts'
import type { Place } from '../types/rules.ts'
import { facetOf, packFacets } from './facets.ts'
import { partParameters } from './first-entry.ts'
import { compartmentSources, patientOf, patientsOf } from './lists.ts'
import { hasClinicalDate, orderParameter, type Standing, standingOf } from './order.ts'
import { listsOfWords, remembersWords } from './words.ts'

/** A value that a parameter found in a resource, and where it would be remembered. */
interface Found {
  readonly parameter: SearchParameter
  readonly places: readonly Place[]
  /** A link to the patient in whose compartment the resource therefore is. */
  readonly patient: string | undefined
}

/** Returns everywhere a resource with an id, last changed at `t`, is to be found, also by a tenant's own parameters. */
export const entriesOf = (resource: Resource, t: string, own: readonly SearchParameter[] = []): Entry[] => [
  ...valueEntries(resource, t, own),
  ...(remembersWords() ? wordEntries(resource, t) : []),
  ...[...Map.groupBy(innerResources(resource), ({ resourceType }) => resourceType).values()].flatMap(
    (alike) => alike.flatMap((inner, nth) => innerEntries(inner, nth, t)),
  ),
]

/** What is inside a resource stands in lists apart, under its address; a tenant's own parameters and words have none there. */
const innerEntries = (inner: Resource, nth: number, t: string): Entry[] => {
  const id = valueList(inner.resourceType, '_id', inner.id ?? '')
  return [...valueEntries(inner, t), { list: id, order: standingOf(inner, t).order }].map((entry) => ({
    ...entry,
    list: innerList(entry.list),
    as: addressOf(inner),
    nth,
  }))
}

/** Returns where a resource is to be found by its words: what one write changes shares the items of its words. */
export const wordEntries = (resource: Resource, t: string): Entry[] =>
  listsOfWords(resource).map((list) => ({ list, order: t }))

/** Returns everywhere a resource is to be found by its values, words left out. */
export const valueEntries = (
  resource: Resource,
  t: string,
  own: readonly SearchParameter[] = [],
): Entry[] => {
  const type = resource.resourceType
  const standing = standingOf(resource, t)
  const found = indexedValues(resource)
  const parts = [...partParameters(type), ...own]
  return distinct([
    ...listingEntries(type, standing, t),
    ...compartmentEntries(resource, standing, found),
    ...found.flatMap((each) => placedEntries(type, standing, each)),
    ...(parts.length > 0 ? ownEntries(parts, resource, t) : []),
  ])
}

/** Returns where a resource is to be found by a tenant's own parameters alone. */
export const ownEntries = (own: readonly SearchParameter[], resource: Resource, t: string): Entry[] => {
  const type = resource.resourceType
  const standing = standingOf(resource, t)
  const found = own
    .flatMap((parameter) => parameter.own?.parts ?? [parameter])
    .flatMap((parameter) => listedValues(resource, parameter))
  return distinct(found.flatMap((each) => placedEntries(type, standing, each)))
}

const listedValues = (resource: Resource, parameter: SearchParameter): readonly Found[] => {
  const { own } = parameter
  const listed = { ...parameter, code: own?.list ?? parameter.code }
  return own?.of(resource).map((value) => foundValue(resource, listed, value)) ?? []
}

const unlisted = new Set(['_id', '_lastUpdated'])

const memo = new Map<string, readonly SearchParameter[]>()

/** The parameters that need entries of their own: not those whose values lie within another's. */
const indexedParameters = (type: string): readonly SearchParameter[] => {
  const known = memo.get(type)
  if (known) return known
  const parameters = [...searchParameters(type).values()].filter(
    ({ code, within }) => within === undefined && !unlisted.has(code) && code !== orderParameter(type),
  )
  memo.set(type, parameters)
  return parameters
}

const indexedValues = (resource: Resource): readonly Found[] => {
  const values = extractAll(resource)
  return indexedParameters(resource.resourceType).flatMap((parameter) =>
    (values.get(parameter.code) ?? []).map((value) => foundValue(resource, parameter, value)),
  )
}

const foundValue = (resource: Resource, parameter: SearchParameter, value: TypedValue): Found => {
  const isLink = parameter.type === 'reference'
  const linksPatients = isLink && compartmentSources(resource.resourceType).has(parameter.code)
  return {
    parameter,
    places: rulesOf(parameter.type)?.places(isLink ? linkFromOutside(resource, value) : value) ?? [],
    patient: linksPatients ? patientOf(value) : undefined,
  }
}

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
  const facets = packFacets(new Set(found.flatMap(facetsOf)))
  return patients
    .flatMap((id) => spread(patientList(id), `${resource.resourceType}|${order}`, interval))
    .map((entry) => (facets ? { ...entry, facets } : entry))
}

/** A link to a patient is found in the compartment; the identifier beside it keeps its list. */
const hasOwnList = (place: Place, patient: string | undefined): boolean =>
  patient === undefined || (place.kind === 'value' && place.under !== undefined)

const facetsOf = ({ parameter, places, patient }: Found): readonly number[] => {
  if (parameter.type !== 'token' && parameter.type !== 'reference') return []
  return places.flatMap((place) =>
    place.kind === 'value' && hasOwnList(place, patient)
      ? [facetOf(`${parameter.code}${place.under ?? ''}`, place.value)]
      : [],
  )
}

const placedEntries = (
  type: string,
  standing: Standing,
  { parameter, places, patient }: Found,
): readonly Entry[] =>
  places
    .filter((place) => hasOwnList(place, patient))
    .flatMap((place) => entriesAt(type, parameter.code, standing, place))

const entriesAt = (type: string, code: string, standing: Standing, place: Place): readonly Entry[] => {
  if (place.kind === 'text') {
    return [{ list: stringList(type, code, place.text.charAt(0)), order: place.text }]
  }
  if (place.kind === 'value') {
    const name = `${code}${place.under ?? ''}`
    return [{ list: valueList(type, name, place.value, place.list), order: standing.order }]
  }
  const list = rangeList(type, `${code}${place.under ?? ''}`, place.list)
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
