import type { SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { isObject } from '../../fhir/json/object.ts'
import { listOf, nonEmptyText } from './rules.ts'

/** A code or an identifier of a resource. */
export interface CodedToken {
  system?: string | undefined
  code?: string | undefined
  /** Its code is compared without regard to case. */
  anyCase?: true
}

/** Returns the folded form of a code; codes that differ only in case have the same. */
export const foldCase = (code: string): string => code.toUpperCase().toLowerCase()

/**
 * Element types with codes that are compared without regard to case: strings by R4, e-mail addresses by our
 * choice.
 */
const foldedTypes: ReadonlySet<string> = new Set(['string', 'ContactPoint'])

/** Returns whether a parameter may find codes that are compared without regard to case; a tenant's own may find anything. */
export const mayFold = ({ own, elements = [] }: SearchParameter): boolean =>
  elements.some((type) => foldedTypes.has(type)) || (own !== undefined && elements.length === 0)

/** Returns the code under which the index lists a token. */
export const indexedCode = ({ code, anyCase }: CodedToken): string | undefined =>
  anyCase && code !== undefined ? foldCase(code) : code

/** Returns the codes and identifiers of a value. */
export const tokensOf = ({ type, value, system }: TypedValue): readonly CodedToken[] => {
  if (!isObject(value)) return value === undefined || value === null ? [] : [plainToken(type, value, system)]
  if (type === 'CodeableConcept') return listOf(value.coding).filter(isObject).map(codingToken)
  if (type === 'Identifier') return [{ system: nonEmptyText(value.system), code: nonEmptyText(value.value) }]
  if (type === 'ContactPoint') return [contactToken(value)]
  return [codingToken(value)]
}

const plainToken = (type: string, value: unknown, system: string | undefined): CodedToken => ({
  system,
  code: String(value),
  ...(type === 'string' && { anyCase: true as const }),
})

const contactToken = ({ system, value }: Record<string, unknown>): CodedToken => ({
  code: nonEmptyText(value),
  ...(system === 'email' && { anyCase: true as const }),
})

const codingToken = (coding: Record<string, unknown>): CodedToken => ({
  system: nonEmptyText(coding.system),
  code: nonEmptyText(coding.code),
})
