/** Fixed values and patterns, https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_ */

import { isObject } from '../../fhir/json/object.ts'

/** Returns whether two JSON values are the same, in whatever order their members stand. */
export const isEqual = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => isEqual(item, b[i]))
  if (!isObject(a) || !isObject(b)) return a === b
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => isEqual(a[name], b[name]))
}

/** Returns whether a value has everything that a pattern has; a list may have an item of the pattern at any position. */
export const meetsPattern = (value: unknown, pattern: unknown): boolean => {
  if (Array.isArray(pattern))
    return Array.isArray(value) && pattern.every((part) => value.some((item) => meetsPattern(item, part)))
  if (!isObject(pattern)) return value === pattern
  return isObject(value) && Object.keys(pattern).every((name) => meetsPattern(value[name], pattern[name]))
}

const moment = /^\d{4}(?:-\d\d(?:-\d\d(?:T[\d:.]+(.*))?)?)?$/

/** Returns below zero where `a` comes before `b`, above where after; undefined where they cannot be compared. */
export const compared = (a: unknown, b: unknown): number | undefined => {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (isObject(a) && isObject(b)) return a.code === b.code ? compared(a.value, b.value) : undefined
  if (typeof a !== 'string' || typeof b !== 'string') return undefined
  const [one, other] = [moment.exec(a), moment.exec(b)]
  if (!one || !other || a.length !== b.length || one[1] !== other[1]) return undefined
  return a < b ? -1 : Number(a > b)
}
