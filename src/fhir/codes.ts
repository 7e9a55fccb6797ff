/** The codes that R4's required bindings allow, https://hl7.org/fhir/R4/terminologies.html#required */

import { codeRows } from './generated/codes.js'

/** Codes by system. */
export type CodesBySystem = ReadonlyMap<string, ReadonlySet<string>>

const codesByValueSet = new Map<string, CodesBySystem | undefined>()

/** Returns the value set's codes; undefined if R4 does not list them (mime types, units, currencies). */
export const requiredCodes = (valueSet: string): CodesBySystem | undefined => {
  if (!codesByValueSet.has(valueSet)) codesByValueSet.set(valueSet, readCodes(codeRows[valueSet]))
  return codesByValueSet.get(valueSet)
}

const readCodes = (text: string | undefined): CodesBySystem | undefined =>
  text === undefined
    ? undefined
    : new Map(
        text.split('\n').map((line) => {
          const [system = '', ...codes] = line.split('\t')
          return [system, new Set(codes)]
        }),
      )
