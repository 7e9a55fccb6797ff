/** FHIRPath's collections, http://hl7.org/fhirpath/N1/, as the generated invariants use them. */

import { isObject } from '../json/object.ts'
import { dateInterval } from '../values/dates.ts'

/** A boolean, or undefined if FHIRPath's answer is empty. */
export type Maybe = boolean | undefined

/** Returns the members of that name; a primitive without a value is represented by its extensions. */
export const memberValues = (list: readonly unknown[], name: string): unknown[] => {
  const found: unknown[] = []
  for (const item of list) if (isObject(item)) addItems(found, item[name] ?? item[`_${name}`])
  return found
}

const addItems = (found: unknown[], value: unknown): void => {
  if (Array.isArray(value)) found.push(...value.filter((item) => item !== null))
  else if (value !== undefined && value !== null) found.push(value)
}

/** Returns whether the object has a member of that name. */
export const has = (item: unknown, name: string): boolean =>
  isObject(item) && (item[name] !== undefined || item[`_${name}`] !== undefined)

/** Returns the values of a choice element, whatever their types. */
export const choice = (list: readonly unknown[], name: string): unknown[] => {
  const found: unknown[] = []
  for (const item of list) {
    if (!isObject(item)) continue
    const key = Object.keys(item).find((candidate) => isChoice(candidate.replace(/^_/, ''), name))
    if (key) addItems(found, item[key])
  }
  return found
}

const isChoice = (key: string, name: string): boolean =>
  key === name || (key.startsWith(name) && /[A-Z]/.test(key.charAt(name.length)))

/** Returns all values directly below the items. */
export const children = (list: readonly unknown[]): unknown[] => {
  const found: unknown[] = []
  for (const item of list) if (isObject(item)) for (const value of Object.values(item)) addItems(found, value)
  return found
}

/** Returns all values below the items, at any depth. */
export const descendants = (list: readonly unknown[]): unknown[] => {
  const below = children(list)
  return below.length === 0 ? [] : [...below, ...descendants(below)]
}

/** Returns the boolean that a list means: undefined for an empty list, true for a first item that is no boolean. */
export const truth = (list: readonly unknown[]): Maybe => {
  const [first] = list
  if (list.length === 0) return undefined
  return typeof first === 'boolean' ? first : true
}

export const wrap = (value: unknown): unknown[] => (value === undefined ? [] : [value])
export const not = (a: Maybe): Maybe => (a === undefined ? undefined : !a)
export const xor = (a: Maybe, b: Maybe): Maybe => (a === undefined || b === undefined ? undefined : a !== b)

export const and = (a: Maybe, b: Maybe): Maybe => {
  if (a === false || b === false) return false
  return a === undefined || b === undefined ? undefined : true
}

export const or = (a: Maybe, b: Maybe): Maybe => {
  if (a === true || b === true) return true
  return a === undefined || b === undefined ? undefined : false
}

const isEqualItem = (a: unknown, b: unknown): boolean =>
  a === b || (isObject(a) && isObject(b) && JSON.stringify(a) === JSON.stringify(b))

export const equals = (a: readonly unknown[], b: readonly unknown[]): Maybe => {
  if (a.length === 0 || b.length === 0) return undefined
  return a.length === b.length && a.every((item, i) => isEqualItem(item, b[i]))
}

export const isIn = (a: readonly unknown[], b: readonly unknown[]): Maybe =>
  a.length === 0 ? undefined : b.some((item) => isEqualItem(item, a[0]))

export const unionItems = (a: readonly unknown[], b: readonly unknown[]): unknown[] => [...a, ...b]

export const commonItems = (a: readonly unknown[], b: readonly unknown[]): unknown[] =>
  a.filter((item) => b.some((other) => isEqualItem(item, other)))

export const isDistinct = (list: readonly unknown[]): boolean =>
  new Set(list.map((item) => (isObject(item) ? JSON.stringify(item) : item))).size === list.length

export const addNumbers = (a: readonly unknown[], b: readonly unknown[]): unknown[] =>
  a.length === 0 || b.length === 0 ? [] : [(a[0] as number) + (b[0] as number)]

/** FHIRPath's `&` reads a missing operand as empty text. */
export const joinTexts = (a: readonly unknown[], b: readonly unknown[]): unknown[] => [
  `${a[0] ?? ''}${b[0] ?? ''}`,
]

/** Returns whether a is below b (-1), equal (0) or above (1); undefined if a and b cannot be compared. */
const order = (a: unknown, b: unknown): number | undefined => {
  if (isObject(a) && isObject(b))
    return isEqualItem(a.code ?? a.unit, b.code ?? b.unit) ? order(a.value, b.value) : undefined
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b)
  const [left, right] = [dateInterval(String(a)), dateInterval(String(b))]
  if (!left || !right) return undefined
  if (left.high < right.low) return -1
  return left.low > right.high ? 1 : 0
}

/** Compares two values; a pair that cannot be compared (different units or precisions) breaks no rule and gives true. */
export const compare = (
  a: readonly unknown[],
  b: readonly unknown[],
  isRight: (order: number) => boolean,
): Maybe => {
  if (a.length === 0 || b.length === 0) return undefined
  const found = order(a[0], b[0])
  return found === undefined ? true : isRight(found)
}

/** Applies a function of strings to the single item. */
export const onText = (list: readonly unknown[], change: (text: string) => unknown): unknown[] =>
  list.length === 0 || isObject(list[0]) ? [] : wrap(change(String(list[0])))

/** Returns whether the whole text matches. */
export const matchesWhole = (list: readonly unknown[], pattern: RegExp): Maybe =>
  truth(onText(list, (text) => pattern.test(text)))

export const toInteger = (text: string): number | undefined =>
  /^[+-]?\d+$/.test(text) ? Number(text) : undefined

export const isResourceOf = (list: readonly unknown[], type: string): Maybe => {
  const [first] = list
  return first === undefined ? undefined : isObject(first) && first.resourceType === type
}
