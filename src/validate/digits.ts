/** https://hl7.org/fhir/R4/datatypes.html#integer — an integer is written in digits alone: neither `1.0` nor `1e2`. */

import { isObject, type Json } from '../fhir/json/object.ts'
import { reportError, type ValidationRun } from './run.ts'

/** A parsed object, and the same object with each number as its text in the JSON. */
type Twins = WeakMap<object, Json>

const numberSource = (_name: string, value: unknown, { source }: { source?: string }): unknown =>
  typeof value === 'number' ? source : value

const pair = (twins: Twins, value: unknown, twin: unknown): void => {
  if (typeof value !== 'object' || value === null) return
  if (isObject(value)) twins.set(value, twin as Json)
  for (const [name, each] of Object.entries(value)) pair(twins, each, (twin as Json | undefined)?.[name])
}

/**
 * The start of a number with a fraction or an exponent, or of -0, perhaps later in a list. No part of the pattern can
 * match in two ways.
 */
const otherwise = /:\s*(?:\[(?:\s*-?\d+\s*,)*\s*)?(?:-?\d+[.eE]|-0(?![\d.]))/g

/** Returns the names of the members with such a number; strings that look alike may add to them. */
const suspectNamesIn = (text: string): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const { index } of text.matchAll(otherwise)) {
    const end = text.lastIndexOf('"', index)
    names.add(text.slice(text.lastIndexOf('"', end - 1) + 1, end))
  }
  return names
}

const twinsOf = (top: unknown, text: string): Twins => {
  const twins: Twins = new WeakMap()
  pair(twins, top, JSON.parse(text, numberSource as Parameters<typeof JSON.parse>[1]))
  return twins
}

const integerDigits = /^(?:0|-?[1-9]\d*)$/

const checkNumber = (run: ValidationRun, value: unknown, text: unknown): void => {
  if (typeof text !== 'string' || !Number.isInteger(value) || integerDigits.test(text)) return
  reportError(run, 'invalid', `\`${text}\` is no integer: write it in digits alone`)
}

/** Checks how the integers of a member are written; the text is read again where a number of that name is not written in digits. */
export const checkDigits = (run: ValidationRun, parent: Json, name: string): void => {
  const { text } = run.options
  if (text === undefined) return
  run.suspects ??= suspectNamesIn(text)
  if (!run.suspects.has(name)) return
  run.exact ??= twinsOf(run.top, text)
  const [value, twin] = [parent[name], run.exact.get(parent)?.[name]]
  if (!Array.isArray(value)) {
    checkNumber(run, value, twin)
    return
  }
  for (const [i, each] of value.entries()) {
    run.path.push(i)
    checkNumber(run, each, (twin as unknown[] | undefined)?.[i])
    run.path.pop()
  }
}
