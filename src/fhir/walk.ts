/** Visits every object in a resource, together with the structure that describes the object. */

import { isObject, type Json } from './json/object.ts'
import { structureOf } from './structure.ts'

/** An object somewhere in a resource. */
export interface Spot {
  object: Json
  /** The object's structure: a type's name, or an inline element's path; `Element` for the object beside a primitive. */
  content: string
  /** The type of the element: for the object beside a primitive, the primitive's type, `string`. */
  type: string
  /** The element's name in definitions: `value[x]`; empty for the resource itself. */
  element: string
  /** The object's position, if the element may repeat. */
  position?: number
  parent?: Spot
}

/** Returns whether to visit the objects inside the spot too. */
export type SpotVisitor = (spot: Spot) => boolean

/** Visits a resource and every object in the resource, from the outside in. */
export const walk = (resource: Json, onSpot: SpotVisitor): void => {
  const content = String(resource.resourceType)
  spotWithin({ object: resource, content, type: content, element: '' }, onSpot)
}

const spotWithin = (spot: Spot, onSpot: SpotVisitor): void => {
  if (!onSpot(spot)) return
  const structure = structureOf(spot.content)
  for (const name in spot.object) {
    const value = spot.object[name]
    if (typeof value !== 'object') continue
    const beside = name.startsWith('_')
    const member = structure?.members.get(beside ? name.slice(1) : name)
    if (!member) continue
    const { element, type } = member
    const content = beside ? 'Element' : type.content
    const inner = { content, type: type.code, element: element.choice ? `${element.name}[x]` : element.name }
    if (Array.isArray(value))
      for (let i = 0; i < value.length; i++) into(value[i], { ...inner, parent: spot, position: i }, onSpot)
    else into(value, { ...inner, parent: spot }, onSpot)
  }
}

const into = (value: unknown, spot: Omit<Spot, 'object'>, onSpot: SpotVisitor): void => {
  if (!isObject(value)) return
  const content = spot.content === 'Resource' ? String(value.resourceType) : spot.content
  spotWithin(
    { ...spot, object: value, content, type: spot.content === 'Resource' ? content : spot.type },
    onSpot,
  )
}

/** Returns the path of a spot in parts: `Observation`, `value`, `extension`, 0. */
export const spotPath = ({ content, element, position, parent }: Spot): (string | number)[] => {
  if (!parent) return [content]
  const path = [...spotPath(parent), element.replace('[x]', '')]
  return position === undefined ? path : [...path, position]
}

/** Returns the path of a spot in FHIRPath's syntax. */
export const expressionAt = (spot: Spot): string =>
  spotPath(spot)
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join('')
