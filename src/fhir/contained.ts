/** https://hl7.org/fhir/R4/references.html#contained — resources inside another, each seen by itself. */

import type { Resource, TypedValue } from './definitions.ts'
import { isObject } from './json/object.ts'
import { itemTexts } from './json/splice.ts'
import { isResourceType } from './types.ts'

/** Where a resource that is inside another keeps that one: no member, so that nothing that reads members meets it. */
const around = Symbol('around')

interface Around {
  readonly [around]?: Resource
}

/** Returns the resource that another one is inside of; undefined for one that stands by itself. */
export const containerOf = (resource: Resource & Around): Resource | undefined => resource[around]

const own = ({ resourceType, id }: Resource): string => `${resourceType}/${id}`

/** Returns where a resource stands: `Patient/1`, or `#MedicationRequest/1#m1` inside another. */
export const addressOf = (resource: Resource): string => {
  const container = containerOf(resource)
  return container ? `#${own(container)}#${resource.id}` : own(resource)
}

/** Turns the address of a resource inside another into the type and id of that one; undefined for any other. */
export const containerAt = (address: string): { type: string; id: string } | undefined => {
  const [, type, id] = /^#([A-Za-z]+)\/([^#]*)#/.exec(address) ?? []
  return type !== undefined && id !== undefined ? { type, id } : undefined
}

const containedList = ({ contained }: Resource): readonly unknown[] =>
  Array.isArray(contained) ? contained : []

const isNamed = (value: unknown): value is Resource =>
  isObject(value) && isResourceType(String(value.resourceType)) && typeof value.id === 'string'

const containedByContainer = new WeakMap<Resource, ReadonlyMap<string, Resource>>()

/** Each of thousands inside may link to others: they are read once. Of two with one id the first counts. */
const innerById = (container: Resource): ReadonlyMap<string, Resource> => {
  const known = containedByContainer.get(container) ?? readInner(container)
  containedByContainer.set(container, known)
  return known
}

const readInner = (container: Resource): ReadonlyMap<string, Resource> => {
  const { meta } = container
  const lastUpdated = isObject(meta) ? meta.lastUpdated : undefined
  const seen = (inner: Resource): Resource => ({
    ...inner,
    meta: { ...(isObject(inner.meta) && inner.meta), lastUpdated },
    [around]: container,
  })
  const named = containedList(container).filter(isNamed).toReversed()
  return new Map(named.map((inner) => [inner.id ?? '', seen(inner)]))
}

/** Returns the resources inside another, each of which was last changed when that one was. */
export const innerResources = (container: Resource): Resource[] => [...innerById(container).values()]

/** Returns what stands at an address inside a resource, or beside it in the same one. */
export const innerAt = (resource: Resource, address: string): Resource | undefined =>
  innerById(containerOf(resource) ?? resource).get(address.slice(address.lastIndexOf('#') + 1))

/** Returns the JSON texts of the resources inside another by their ids, given that one's text. */
export const innerTexts = (container: Resource, text: string): ReadonlyMap<string, string> => {
  const texts = itemTexts(text, 'contained')
  const named = containedList(container).map(
    (inner, i) => [isNamed(inner) ? inner.id : '', texts[i] ?? ''] as const,
  )
  return new Map(named.toReversed().map(([id = '', own]) => [id, own]))
}

/** Returns the type of what `#id` names, seen from a resource or from one inside it. */
export const innerType = (resource: Resource, id: string): string | undefined => {
  const home = containerOf(resource) ?? resource
  if (id === '') return home.resourceType
  return innerById(home).get(id)?.resourceType
}

/** `#` alone is the container. */
const seenFrom = (resource: Resource, link: string): string => {
  const container = containerOf(resource)
  if (link === '#') return container ? own(container) : link
  return `#${own(container ?? resource)}${link}`
}

/** Returns a link that stands in a resource as it is seen from outside: `#m1` becomes what `addressOf` tells. */
export const linkFromOutside = (resource: Resource, found: TypedValue): TypedValue => {
  const { value } = found
  if (typeof value === 'string')
    return value.startsWith('#') ? { ...found, value: seenFrom(resource, value) } : found
  if (!isObject(value) || typeof value.reference !== 'string' || !value.reference.startsWith('#'))
    return found
  return { ...found, value: { ...value, reference: seenFrom(resource, value.reference) } }
}
