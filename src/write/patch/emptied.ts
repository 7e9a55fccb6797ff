/**
 * Elements left empty by a patch, which are removed, since an element must have a value or children:
 * https://hl7.org/fhir/R4/json.html#null
 */

import type { ElementWay } from '../../fhir/path/fhirpath.ts'

/** The objects and lists from which a patch removed a part. */
export type Emptied = Set<unknown>

/** Notes every object and list on the way to a removed part. */
export const noteWay = (emptied: Emptied, root: unknown, way: ElementWay): void => {
  let value = root
  for (const step of way) {
    emptied.add(value)
    value = (value as Record<string | number, unknown> | undefined)?.[step]
  }
  emptied.add(value)
}

const isEmptied = (value: object): boolean => {
  const names = Object.keys(value)
  if (Array.isArray(value)) return value.every((item) => item === null)
  return names.length === 0 || (names.length === 1 && names[0] === 'id')
}

/** Removes an item. A list of ids and extensions beside primitives keeps the position as null. */
const dropItem = (list: unknown[], index: number, name: string): void => {
  if (name.startsWith('_')) list[index] = null
  else list.splice(index, 1)
}

const pruneBelow = (value: object, name: string, emptied: Emptied): void => {
  for (const [key, child] of Object.entries(value).reverse()) {
    if (typeof child !== 'object' || child === null) continue
    pruneBelow(child, Array.isArray(value) ? name : key, emptied)
    if (!emptied.has(child) || !isEmptied(child)) continue
    emptied.add(value)
    if (Array.isArray(value)) dropItem(value, Number(key), name)
    else delete (value as Record<string, unknown>)[key]
  }
}

/**
 * Removes every element that the patch left without value and children, and in turn the elements that contained nothing
 * else.
 */
export const withoutEmptied = (root: unknown, emptied: Emptied): void => {
  if (emptied.size > 0 && typeof root === 'object' && root !== null) pruneBelow(root, '', emptied)
}
