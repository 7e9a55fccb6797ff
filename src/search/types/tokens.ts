import type { TypedValue } from '../../fhir/definitions.ts'
import { isObject, many, textOf } from './rules.ts'

/** A code or an identifier as it stands in a resource. */
export interface Token {
  system?: string | undefined
  code?: string | undefined
}

/** Returns the codes and identifiers of a value. */
export const tokensOf = ({ type, value, system }: TypedValue): readonly Token[] => {
  if (!isObject(value)) return value === undefined || value === null ? [] : [{ system, code: String(value) }]
  if (type === 'CodeableConcept') return many(value.coding).filter(isObject).map(codingToken)
  if (type === 'Identifier') return [{ system: textOf(value.system), code: textOf(value.value) }]
  if (type === 'ContactPoint') return [{ code: textOf(value.value) }]
  return [codingToken(value)]
}

const codingToken = (coding: Record<string, unknown>): Token => ({
  system: textOf(coding.system),
  code: textOf(coding.code),
})
