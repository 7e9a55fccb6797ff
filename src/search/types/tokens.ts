import type { SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { isObject, many, textOf } from './rules.ts'

/** A code or an identifier as it stands in a resource. */
export interface Token {
  system?: string | undefined
  code?: string | undefined
  /** Its code is compared without regard to case. */
  anyCase?: true
}

/** Returns a code by which those that differ in case alone are one. */
export const foldCase = (code: string): string => code.toUpperCase().toLowerCase()

/** The element types of which some codes are compared without regard to case: R4 says so of strings, and e-mail addresses are so by our choice. */
const foldedTypes: ReadonlySet<string> = new Set(['string', 'ContactPoint'])

/** Returns whether a parameter may find codes that are compared without regard to case; a tenant's own may find anything. */
export const mayFold = ({ own, elements = [] }: SearchParameter): boolean =>
  elements.some((type) => foldedTypes.has(type)) || (own !== undefined && elements.length === 0)

/** Returns the text by which the index knows a code. */
export const listedCode = ({ code, anyCase }: Token): string | undefined =>
  anyCase && code !== undefined ? foldCase(code) : code

/** Returns the codes and identifiers of a value. */
export const tokensOf = ({ type, value, system }: TypedValue): readonly Token[] => {
  if (!isObject(value)) return value === undefined || value === null ? [] : [plainToken(type, value, system)]
  if (type === 'CodeableConcept') return many(value.coding).filter(isObject).map(codingToken)
  if (type === 'Identifier') return [{ system: textOf(value.system), code: textOf(value.value) }]
  if (type === 'ContactPoint') return [contactToken(value)]
  return [codingToken(value)]
}

const plainToken = (type: string, value: unknown, system: string | undefined): Token => ({
  system,
  code: String(value),
  ...(type === 'string' && { anyCase: true as const }),
})

const contactToken = ({ system, value }: Record<string, unknown>): Token => ({
  code: textOf(value),
  ...(system === 'email' && { anyCase: true as const }),
})

const codingToken = (coding: Record<string, unknown>): Token => ({
  system: textOf(coding.system),
  code: textOf(coding.code),
})
