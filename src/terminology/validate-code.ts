/** https://hl7.org/fhir/R4/valueset-operation-validate-code.html, for those who only want to know. */

import type { Store } from '../store/port.ts'
import { gather } from './held.ts'
import { type Answer, type Asked, type Judge, judgeOf } from './judge.ts'
import { openTerminology, type Terminology } from './terminology.ts'

/** Returns whether a code belongs to the value set of that canonical address. */
export type ValidateCode = (valueSet: string, asked: Asked) => Promise<Answer>

/** Returns the function that judges codes by what a store holds; it reads each value set once. */
export const codeValidator = (store: Store): ValidateCode => {
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
  return valueSet && judgeOf(await gather(terminology, valueSet), valueSet)
}
