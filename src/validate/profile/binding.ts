/** https://hl7.org/fhir/R4/terminologies.html#strength */

import { isObject, type Json } from '../../fhir/json/object.ts'
import { each } from '../../fhir/values.ts'
import { shown } from '../run.ts'
import { shortName } from './compile/definition.ts'
import type { BindingRule } from './compile/rule.ts'
import type { Item } from './item.ts'
import { answerTo, type Coded, inform, type ProfileRun, refuse, warn } from './run.ts'

/** Checks whether a coded value is one of the value set's. */
export const checkBinding = (run: ProfileRun, { strength, valueSet }: BindingRule, item: Item): void => {
  const codes = codesOf(item)
  if (!codes) return
  const answers = codes.map((coded) => answerTo(run, valueSet, coded))
  if (answers.some((answer) => answer === 'yes' || answer === undefined)) return
  if (answers.includes('unknown')) tellUnknown(run, valueSet, codes)
  else if (strength === 'required')
    refuse(run, 'profile-code', `expected a code of ${shortName(valueSet)}, ${found(codes)}`)
  else if (codes.length > 0)
    warn(run, 'profile-code', `expected a code of ${shortName(valueSet)} where one fits, ${found(codes)}`)
}

const tellUnknown = (run: ProfileRun, valueSet: string, codes: readonly Coded[]): void =>
  inform(
    run,
    'not-found',
    `whether ${codes.map(spelled).join(', ')} is in ${shortName(valueSet)} cannot be told from what is held here`,
  )

const spelled = ({ system, code }: Coded): string => shown(system === undefined ? code : `${system}|${code}`)

const found = (codes: readonly Coded[]): string =>
  codes.length === 0 ? 'found none' : `found ${codes.map(spelled).join(', ')}`

/** Returns the codes of a value; undefined where it cannot have any. */
const codesOf = ({ type, value }: Item): Coded[] | undefined => {
  if (type === 'CodeableConcept') return isObject(value) ? each(value.coding as unknown).flatMap(codedIn) : []
  if (type === 'Coding') return codedIn(value)
  // An amount may come without a unit.
  if (type === 'Quantity') return isObject(value) && value.code !== undefined ? codedIn(value) : undefined
  return typeof value === 'string' ? [{ code: value }] : undefined
}

const codedIn = (value: unknown): Coded[] => {
  if (!isObject(value) || typeof value.code !== 'string') return []
  return [{ code: value.code, ...text(value, 'system'), ...text(value, 'version') }]
}

const text = (object: Json, name: 'system' | 'version') =>
  typeof object[name] === 'string' ? { [name]: object[name] } : {}
