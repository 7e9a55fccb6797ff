/** The values at an element, whatever name in JSON they stand under. */

import { isObject, type Json } from '../../fhir/json/object.ts'
import { type Structure, structureOf, type TypeRule } from '../../fhir/structure.ts'

/** One value of an element. */
export interface Item {
  /** Undefined for a primitive that has only extensions. */
  value: unknown
  /** What stands beside a primitive: its id and extensions. */
  companion?: unknown
  /** The type's code: `Quantity`, `BackboneElement`; for resources their own. */
  type: string
  /** What describes its content: the type, or for inline elements their path. */
  content: string
  /** Its position, where the element may repeat. */
  position?: number
  /** The list it stands in, or the object. */
  parent: Json
}

/** A name in JSON that an element may have, that of what stands beside it, and the type that the name says. */
interface Named {
  name: string
  beside: string
  type: TypeRule
}

const named = new WeakMap<Structure, Map<string, readonly Named[]>>()

const namesIn = ({ members }: Structure, name: string): Named[] =>
  [...members].flatMap(([each, { element, type }]) =>
    element.name === name ? [{ name: each, beside: `_${each}`, type }] : [],
  )

/** Returns the names in JSON that an element may have: `valueQuantity` and its like for `value[x]`. */
const namesOf = (structure: Structure, name: string): readonly Named[] => {
  const known = named.get(structure) ?? new Map<string, readonly Named[]>()
  const names = known.get(name)
  if (names) return names
  const found = namesIn(structure, name)
  named.set(structure, known.set(name, found))
  return found
}

/** Returns the values of an element of an object; none where the object is not of a known type. */
export const itemsAt = (object: Json, content: string, element: string): Item[] => {
  const structure = structureOf(content)
  if (!structure) return []
  for (const { name, beside, type } of namesOf(structure, element)) {
    const value = object[name]
    const companion = object[beside]
    if (value !== undefined || companion !== undefined) return itemsOf(object, value, companion, type)
  }
  return []
}

const itemsOf = (
  parent: Json,
  value: unknown,
  companion: unknown,
  type: { code: string; content: string },
): Item[] => {
  const item = (one: unknown, beside: unknown, position?: number): Item => ({
    value: one ?? undefined,
    ...(beside !== undefined && { companion: beside }),
    ...typeOf(one, type),
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

const typeOf = (value: unknown, { code, content }: { code: string; content: string }) =>
  content === 'Resource' && isObject(value) && typeof value.resourceType === 'string'
    ? { type: value.resourceType, content: value.resourceType }
    : { type: code, content }

/** Returns the item that a resource is by itself. */
export const resourceItem = (resource: Json): Item => ({
  value: resource,
  type: String(resource.resourceType),
  content: String(resource.resourceType),
  parent: resource,
})

/** Returns the object that a value's own elements stand in; for primitives, what stands beside it. */
export const objectOf = ({ value, companion }: Item): Json | undefined => {
  if (isObject(value)) return value
  return isObject(companion) ? companion : undefined
}

/** Returns what describes the object that a value's own elements stand in. */
export const contentOf = ({ value, content }: Item): string => (isObject(value) ? content : 'Element')
