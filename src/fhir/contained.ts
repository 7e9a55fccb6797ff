/** https://hl7.org/fhir/R4/references.html#contained — resources inside another, each seen by itself. */

import type { Resource, TypedValue } from './definitions.ts'
import { isObject } from './json/object.ts'
import { itemTexts } from './json/splice.ts'
import { isResourceType } from './types.ts'

/**
 * The member in which a contained resource keeps its container: a symbol, so that code that reads members by name never
 * meets the container.
 */
const around = Symbol('around')

interface Around {
  readonly [around]?: Resource
}

/** Returns the container of a contained resource; undefined for a resource that is not contained. */
export const containerOf = (resource: Resource & Around): Resource | undefined => resource[around]

const own = ({ resourceType, id }: Resource): string => `${resourceType}/${id}`

/** Returns the address of a resource: `Patient/1`, or `#MedicationRequest/1#m1` for a contained resource. */
export const addressOf = (resource: Resource): string => {
  const container = containerOf(resource)
  return container ? `#${own(container)}#${resource.id}` : own(resource)
}

/**
 * Returns the type and id of the container from the address of a contained resource; undefined for any address without a
 * container.
 */
export const containerAt = (address: string): { type: string; id: string } | undefined => {
  const [, type, id] = /^#([A-Za-z]+)\/([^#]*)#/.exec(address) ?? []
  return type !== undefined && id !== undefined ? { type, id } : undefined
}

const containedList = ({ contained }: Resource): readonly unknown[] =>
  Array.isArray(contained) ? contained : []

const isNamed = (value: unknown): value is Resource =>
  isObject(value) && isResourceType(String(value.resourceType)) && typeof value.id === 'string'

const containedByContainer = new WeakMap<Resource, ReadonlyMap<string, Resource>>()

/**
 * Reads the contained resources once for each container, since thousands of them may link to each other. Of two with the
 * same id the first counts.
 */
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

/** Returns the contained resources, each with the container's `meta.lastUpdated`. */
export const innerResources = (container: Resource): Resource[] => [...innerById(container).values()]

/** Returns the contained resource at an address in a resource, or beside a contained resource in the same container. */
export const innerAt = (resource: Resource, address: string): Resource | undefined =>
  innerById(containerOf(resource) ?? resource).get(address.slice(address.lastIndexOf('#') + 1))

/** Returns the JSON texts of the contained resources by id, cut out of the container's text. */
export const innerTexts = (container: Resource, text: string): ReadonlyMap<string, string> => {
  const texts = itemTexts(text, 'contained')
  const named = containedList(container).map(
    (inner, i) => [isNamed(inner) ? inner.id : '', texts[i] ?? ''] as const,
  )
  return new Map(named.toReversed().map(([id = '', own]) => [id, own]))
}

/** Returns the type of the resource that `#id` names, seen from a container or from a resource in the container. */
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

/** Returns a link as seen from outside of its resource: `#m1` becomes the address that `addressOf` returns. */
export const linkFromOutside = (resource: Resource, found: TypedValue): TypedValue => {
  const { value } = found
  if (typeof value === 'string')
    return value.startsWith('#') ? { ...found, value: seenFrom(resource, value) } : found
  if (!isObject(value) || typeof value.reference !== 'string' || !value.reference.startsWith('#'))
    return found
  return { ...found, value: { ...value, reference: seenFrom(resource, value.reference) } }
}
