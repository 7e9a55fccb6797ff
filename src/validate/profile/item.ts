/** The values at an element, whatever name in JSON they stand under. */

import { isObject, type Json } from '../../fhir/json/object.ts'
import { type Structure, structureOf, type TypeRule } from '../../fhir/structure.ts'

/** A single value of an element. */
export interface ElementItem {
  /** Undefined for a primitive that has only extensions. */
  value: unknown
  /** The id and extensions of a primitive, from the member with an underscore. */
  companion?: unknown
  /** The type's code: `Quantity`, `BackboneElement`; for resources their own. */
  type: string
  /** The name of the structure of its content: the type, or for inline elements their path. */
  content: string
  /** Its position, where the element may repeat. */
  position?: number
  /** The object that has the value, directly or in a list. */
  parent: Json
}

/** A possible JSON name of an element, the name of its companion, and the type that the name implies. */
interface JsonName {
  name: string
  beside: string
  type: TypeRule
}

const jsonNames = new WeakMap<Structure, Map<string, readonly JsonName[]>>()

const jsonNamesIn = ({ members }: Structure, name: string): JsonName[] =>
  [...members].flatMap(([each, { element, type }]) =>
    element.name === name ? [{ name: each, beside: `_${each}`, type }] : [],
  )

/** Returns the names in JSON that an element may have: `valueQuantity` and its like for `value[x]`. */
const keptJsonNames = (structure: Structure, name: string): readonly JsonName[] => {
  const known = jsonNames.get(structure) ?? new Map<string, readonly JsonName[]>()
  const names = known.get(name)
  if (names) return names
  const found = jsonNamesIn(structure, name)
  jsonNames.set(structure, known.set(name, found))
  return found
}

/** Returns the values of an element of an object; an empty list if the object's type is unknown. */
export const elementItems = (object: Json, content: string, element: string): ElementItem[] => {
  const structure = structureOf(content)
  if (!structure) return []
  for (const { name, beside, type } of keptJsonNames(structure, element)) {
    const value = object[name]
    const companion = object[beside]
    if (value !== undefined || companion !== undefined) return memberItems(object, value, companion, type)
  }
  return []
}

const memberItems = (
  parent: Json,
  value: unknown,
  companion: unknown,
  type: { code: string; content: string },
): ElementItem[] => {
  const item = (one: unknown, beside: unknown, position?: number): ElementItem => ({
    value: one ?? undefined,
    ...(beside !== undefined && { companion: beside }),
    ...typeAndContent(one, type),
    ...(position !== undefined && { position }),
    parent,
  })
  const list = Array.isArray(value)
    ? value
    : Array.isArray(companion)
      ? companion.map(() => undefined)
      : undefined
  const besides = Array.isArray(companion) ? companion : []
  return list ? list.map((one, i) => item(one, besides[i], i)) : [item(value, companion)]
}

const typeAndContent = (value: unknown, { code, content }: { code: string; content: string }) =>
  content === 'Resource' && isObject(value) && typeof value.resourceType === 'string'
    ? { type: value.resourceType, content: value.resourceType }
    : { type: code, content }

/** Returns the item that a resource is by itself. */
export const resourceItem = (resource: Json): ElementItem => ({
  value: resource,
  type: String(resource.resourceType),
  content: String(resource.resourceType),
  parent: resource,
})

/** Returns the object with a value's own elements; for a primitive, its companion. */
export const itemObject = ({ value, companion }: ElementItem): Json | undefined => {
  if (isObject(value)) return value
  return isObject(companion) ? companion : undefined
}

/** Returns the name of the structure that describes the object with a value's own elements. */
export const objectContentOf = ({ value, content }: ElementItem): string =>
  isObject(value) ? content : 'Element'
