/**
 * Membership of codes in value sets, for callers inside of the server,
 * https://hl7.org/fhir/R4/valueset-operation-validate-code.html
 */

import type { Reader } from '../../store/reader.ts'
import type { AskedCoding, Judge, Membership } from '../membership.ts'
import { openTerminology, type Terminology } from '../terminology.ts'
import { judgeOf } from './judge.ts'
import { loadReferred } from './loaded.ts'

/** Returns whether a code belongs to the value set of that canonical address. */
export type ValidateCode = (valueSet: string, asked: AskedCoding) => Promise<Membership>

/** Returns the function that judges codes by the store's terminology; each value set is read once. */
export const codeValidator = (store: Reader): ValidateCode => {
  const terminology = openTerminology(store)
  const judges = new Map<string, Promise<Judge | undefined>>()
  return async (canonical, asked) => {
    const judge = judges.get(canonical) ?? judgeFor(terminology, canonical)
    judges.set(canonical, judge)
    return (await judge)?.(asked).answer ?? 'unknown'
  }
}

const judgeFor = async (terminology: Terminology, canonical: string): Promise<Judge | undefined> => {
  const valueSet = await terminology.valueSet(canonical)
  return valueSet && judgeOf(await loadReferred(terminology, valueSet), valueSet)
}
