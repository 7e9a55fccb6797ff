/** Goes through everything in a resource, knowing what describes it. */

import { structureOf } from './structure.ts'

type Json = Readonly<Record<string, unknown>>

/** An object somewhere in a resource. */
export interface Spot {
  object: Json
  /** What describes it: a type, or an inline element's path; `Element` for what stands beside a primitive. */
  content: string
  /** The type of the element that it stands in: `string` for what stands beside one. */
  type: string
  /** The element's name in definitions: `value[x]`; empty for the resource itself. */
  element: string
  /** In FHIRPath: `Observation.value.extension[0]`, in parts. */
  path: readonly (string | number)[]
  parent?: Spot
}

/** Whether to go on into what is in it. */
export type Visit = (spot: Spot) => boolean

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Visits a resource and every object in it, from the outside in. */
export const walk = (resource: Json, visit: Visit): void => {
  const content = String(resource.resourceType)
  within({ object: resource, content, type: content, element: '', path: [content] }, visit)
}

const within = (spot: Spot, visit: Visit): void => {
  if (!visit(spot)) return
  const structure = structureOf(spot.content)
  for (const name in spot.object) {
    const value = spot.object[name]
    if (typeof value !== 'object') continue
    const beside = name.startsWith('_')
    const member = structure?.members.get(beside ? name.slice(1) : name)
    if (!member) continue
    const { element, type } = member
    const content = beside ? 'Element' : type.content
    const path = [...spot.path, element.name]
    const inner = {
      content,
      type: type.code,
      element: element.choice ? `${element.name}[x]` : element.name,
      path,
      parent: spot,
    }
    if (!Array.isArray(value)) into(value, inner, visit)
    else for (const [i, item] of value.entries()) into(item, { ...inner, path: [...path, i] }, visit)
  }
}

const into = (value: unknown, spot: Omit<Spot, 'object'>, visit: Visit): void => {
  if (!isObject(value)) return
  const content = spot.content === 'Resource' ? String(value.resourceType) : spot.content
  within({ ...spot, object: value, content, type: spot.content === 'Resource' ? content : spot.type }, visit)
}

/** Returns a path as FHIRPath writes it. */
export const spelledPath = (path: readonly (string | number)[]): string =>
  path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')
