/** https://hl7.org/fhir/R4/json.html#primitive — members of JSON objects, with what stands beside those that are primitive. */

import { isObject } from '../../fhir/json/object.ts'
import type { Way } from '../../fhir/path/fhirpath.ts'

export type Members = Record<string, unknown>

/** A value, and the id and extensions that stand beside one that is primitive. */
export interface Made {
  value: unknown
  beside: unknown
}

/** Sets a member that does not repeat. */
export const put = (parent: Members, name: string, { value, beside }: Made): void => {
  if (value !== undefined) parent[name] = value
  if (beside !== undefined) parent[`_${name}`] = beside
}

/** Returns how many items a member has that repeats. */
export const lengthOf = (parent: Members, name: string): number =>
  Math.max(...[name, `_${name}`].map((key) => ((parent[key] as unknown[]) ?? []).length))

/** A list of primitives may have a list of their ids and extensions beside it, which must stay in step. */
export const splice = (parent: Members, name: string, from: number, count: number, ...made: Made[]): void => {
  const length = lengthOf(parent, name)
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

/** Adds an item to a member that repeats. */
export const append = (parent: Members, name: string, made: Made): void =>
  splice(parent, name, lengthOf(parent, name), 0, made)

/** Returns what is at the end of a way. */
export const at = (root: unknown, way: Way): unknown =>
  way.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | undefined)?.[step], root)

const besideOf = (way: Way): Way => {
  const name = way.findLastIndex((step) => typeof step === 'string')
  return way.map((step, i) => (i === name ? `_${step}` : step))
}

/** Returns the way in JSON, where what belongs to a primitive stands beside it: `birthDate.extension` is `_birthDate.extension`. */
export const inJson = (root: unknown, way: Way): Way =>
  way.reduce<Way>((before, step) => {
    const isMember = typeof step === 'string' && before.length > 0
    return [...(isMember && !isObject(at(root, before)) ? besideOf(before) : before), step]
  }, [])

/** Returns the object that a way leads to; of a primitive, the one beside it. */
export const holderAt = (root: Members, way: Way): Members => {
  const value = at(root, way)
  if (isObject(value)) return value
  const known = at(root, besideOf(way))
  if (isObject(known)) return known
  const [last, list] = [way.at(-1), way.at(-2)]
  const beside: Members = {}
  if (typeof last === 'number')
    splice(at(root, way.slice(0, -2)) as Members, String(list), last, 1, { value, beside })
  else put(at(root, way.slice(0, -1)) as Members, String(last), { value, beside })
  return beside
}

/** Takes away what stands beside a primitive, once its last extension is gone. */
export const dropIfEmpty = (root: Members, way: Way): void => {
  const [last, list] = [way.at(-1), way.at(-2)]
  if (!String(typeof last === 'number' ? list : last).startsWith('_')) return
  if (Object.keys(at(root, way) as object).length > 0) return
  const parent = at(root, way.slice(0, -1)) as Record<string | number, unknown>
  if (typeof last === 'number') parent[last] = null
  else delete parent[String(last)]
}
