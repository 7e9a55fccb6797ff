/**
 * Json of JSON objects, together with the ids and extensions beside primitives:
 * https://hl7.org/fhir/R4/json.html#primitive
 */

import { isObject, type Json } from '../../fhir/json/object.ts'
import type { ElementWay } from '../../fhir/path/fhirpath.ts'

/** A value, and the id and extensions beside a primitive value. */
export interface Made {
  value: unknown
  beside: unknown
}

/** Sets a member that does not repeat. */
export const setMember = (parent: Json, name: string, { value, beside }: Made): void => {
  if (value !== undefined) parent[name] = value
  if (beside !== undefined) parent[`_${name}`] = beside
}

/** Returns the number of items in a repeating member. */
export const itemCount = (parent: Json, name: string): number =>
  Math.max(...[name, `_${name}`].map((key) => ((parent[key] as unknown[]) ?? []).length))

/**
 * Changes a repeating member. A list of primitives may have a list of ids and extensions beside it, and both must stay in
 * step.
 */
export const splice = (parent: Json, name: string, from: number, count: number, ...made: Made[]): void => {
  const length = itemCount(parent, name)
  const change = (key: string, items: readonly unknown[]): void => {
    const list = Array.from({ length }, (_, i) => (parent[key] as unknown[])?.[i] ?? null)
    list.splice(from, count, ...items.map((item) => item ?? null))
    if (list.every((item) => item === null)) delete parent[key]
    else parent[key] = list
  }
  change(
    name,
    made.map(({ value }) => value),
  )
  change(
    `_${name}`,
    made.map(({ beside }) => beside),
  )
}

/** Adds an item to a repeating member. */
export const append = (parent: Json, name: string, made: Made): void =>
  splice(parent, name, itemCount(parent, name), 0, made)

/** Returns the value at the end of a way. */
export const valueAt = (root: unknown, way: ElementWay): unknown =>
  way.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | undefined)?.[step], root)

const besideOf = (way: ElementWay): ElementWay => {
  const name = way.findLastIndex((step) => typeof step === 'string')
  return way.map((step, i) => (i === name ? `_${step}` : step))
}

/**
 * Returns the way in JSON, where ids and extensions are beside a primitive: `birthDate.extension` is
 * `_birthDate.extension`.
 */
export const inJson = (root: unknown, way: ElementWay): ElementWay =>
  way.reduce<ElementWay>((before, step) => {
    const isMember = typeof step === 'string' && before.length > 0
    return [...(isMember && !isObject(valueAt(root, before)) ? besideOf(before) : before), step]
  }, [])

/** Returns the object at the end of a way; for a primitive, the object beside the value. */
export const holderAt = (root: Json, way: ElementWay): Json => {
  const value = valueAt(root, way)
  if (isObject(value)) return value
  const known = valueAt(root, besideOf(way))
  if (isObject(known)) return known
  const [last, list] = [way.at(-1), way.at(-2)]
  const beside: Json = {}
  if (typeof last === 'number')
    splice(valueAt(root, way.slice(0, -2)) as Json, String(list), last, 1, { value, beside })
  else setMember(valueAt(root, way.slice(0, -1)) as Json, String(last), { value, beside })
  return beside
}

/** Removes the object beside a primitive once its last extension is gone. */
export const dropIfEmpty = (root: Json, way: ElementWay): void => {
  const [last, list] = [way.at(-1), way.at(-2)]
  if (!String(typeof last === 'number' ? list : last).startsWith('_')) return
  if (Object.keys(valueAt(root, way) as object).length > 0) return
  const parent = valueAt(root, way.slice(0, -1)) as Record<string | number, unknown>
  if (typeof last === 'number') parent[last] = null
  else delete parent[String(last)]
}
