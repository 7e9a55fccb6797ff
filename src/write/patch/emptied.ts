/** https://hl7.org/fhir/R4/json.html#null — an element has a value or children: one whose last child a patch took away goes with it. */

import type { Way } from '../../fhir/path/fhirpath.ts'

/** The objects and lists that a patch took something out of. */
export type Emptied = Set<unknown>

/** Notes everything on the way to what a patch takes away. */
export const noteWay = (emptied: Emptied, root: unknown, way: Way): void => {
  let value = root
  for (const step of way) {
    emptied.add(value)
    value = (value as Record<string | number, unknown> | undefined)?.[step]
  }
  emptied.add(value)
}

const isNothing = (value: object): boolean => {
  const names = Object.keys(value)
  if (Array.isArray(value)) return value.every((item) => item === null)
  return names.length === 0 || (names.length === 1 && names[0] === 'id')
}

/** A list of what stands beside primitives keeps the place of an item that goes. */
const dropItem = (list: unknown[], index: number, name: string): void => {
  if (name.startsWith('_')) list[index] = null
  else list.splice(index, 1)
}

const pruneBelow = (value: object, name: string, emptied: Emptied): void => {
  for (const [key, child] of Object.entries(value).reverse()) {
    if (typeof child !== 'object' || child === null) continue
    pruneBelow(child, Array.isArray(value) ? name : key, emptied)
    if (!emptied.has(child) || !isNothing(child)) continue
    emptied.add(value)
    if (Array.isArray(value)) dropItem(value, Number(key), name)
    else delete (value as Record<string, unknown>)[key]
  }
}

/** Takes out of a resource what a patch left without value and children, and in turn what held only that. */
export const withoutEmptied = (root: unknown, emptied: Emptied): void => {
  if (emptied.size > 0 && typeof root === 'object' && root !== null) pruneBelow(root, '', emptied)
}
