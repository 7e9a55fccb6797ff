/** Required bindings, https://hl7.org/fhir/R4/terminologies.html#required */

import { type CodesBySystem, requiredCodes } from '../fhir/codes.ts'
import { isObject, type Json } from '../fhir/json/object.ts'
import type { ElementRule } from '../fhir/structure.ts'
import type { PrimitiveCheck } from './primitives.ts'
import { type ObjectCheck, reportError, shownValue, type ValidationRun } from './run.ts'
import { nearest } from './suggest.ts'

const setName = (valueSet: string): string => `\`${valueSet.slice(valueSet.lastIndexOf('/') + 1)}\``

/** Returns the check of a `code` against the value set; undefined if R4 does not list its codes. */
export const codeCheck = (valueSet: string): PrimitiveCheck | undefined => {
  const codes = requiredCodes(valueSet)
  if (!codes) return undefined
  const all = new Set([...codes.values()].flatMap((list) => [...list]))
  return (value) =>
    all.has(value as string)
      ? undefined
      : `${shownValue(value)} is not in the value set ${setName(valueSet)}; ${codeSuggestion(String(value), all)}`
}

const codeSuggestion = (written: string, codes: ReadonlySet<string>): string => {
  const meant = nearest(written, codes)
  if (meant) return `did you mean \`${meant}\`?`
  const first = [...codes].slice(0, 12).map((code) => `\`${code}\``)
  return `it has ${first.join(', ')}${codes.size > first.length ? ' and more' : ''}`
}

/** Returns the check of a Coding or CodeableConcept under a required binding. */
export const codedCheck = (element: ElementRule, type: string): ObjectCheck | undefined => {
  const codes = element.required === undefined ? undefined : requiredCodes(element.required)
  if (!codes || element.required === undefined) return undefined
  const name = setName(element.required)
  if (type === 'Coding') return (run, coding) => checkCodings(run, name, codes, [coding])
  if (type !== 'CodeableConcept') return undefined
  return (run, concept) => checkCodings(run, name, codes, Array.isArray(concept.coding) ? concept.coding : [])
}

const checkCodings = (
  run: ValidationRun,
  name: string,
  codes: CodesBySystem,
  codings: readonly unknown[],
): void => {
  const objects = codings.filter(isObject)
  if (objects.some((coding) => hasCoding(codes, coding))) return
  const written = objects.map(({ system, code }) => shownValue(`${system ?? ''}|${code ?? ''}`)).join(', ')
  const [system = '', list] = [...codes][0] ?? []
  const example = `\`${system}|${[...(list ?? [])][0] ?? ''}\``
  const found = written === '' ? 'no coding was given' : `found ${written}`
  reportError(run, 'invalid', `expected a code of the value set ${name}, such as ${example}; ${found}`)
}

const hasCoding = (codes: CodesBySystem, { system, code }: Json): boolean =>
  codes.get(system as string)?.has(code as string) ?? false
