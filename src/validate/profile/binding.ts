/** https://hl7.org/fhir/R4/terminologies.html#strength */

import { isObject, type Json } from '../../fhir/json/object.ts'
import { each } from '../../fhir/values.ts'
import { shownValue } from '../run.ts'
import { shortName } from './compile/definition.ts'
import type { BindingRule } from './compile/rule.ts'
import type { ElementItem } from './item.ts'
import { answerTo, breakProfile, type CodedValue, inform, type ProfileRun, warn } from './run.ts'

/** Checks that a coded value is in the value set. */
export const checkBinding = (
  run: ProfileRun,
  { strength, valueSet }: BindingRule,
  item: ElementItem,
): void => {
  const codes = codedValuesOf(item)
  if (!codes) return
  const answers = codes.map((coded) => answerTo(run, valueSet, coded))
  if (answers.some((answer) => answer === 'yes' || answer === undefined)) return
  if (answers.includes('unknown')) informOfUnknownCode(run, valueSet, codes)
  else if (strength === 'required')
    breakProfile(run, 'profile-code', `expected a code of ${shortName(valueSet)}, ${found(codes)}`)
  else if (codes.length > 0)
    warn(run, 'profile-code', `expected a code of ${shortName(valueSet)} where one fits, ${found(codes)}`)
}

const informOfUnknownCode = (run: ProfileRun, valueSet: string, codes: readonly CodedValue[]): void =>
  inform(
    run,
    'not-found',
    `whether ${codes.map(codedText).join(', ')} is in ${shortName(valueSet)} cannot be told from what is held here`,
  )

const codedText = ({ system, code }: CodedValue): string =>
  shownValue(system === undefined ? code : `${system}|${code}`)

const found = (codes: readonly CodedValue[]): string =>
  codes.length === 0 ? 'found none' : `found ${codes.map(codedText).join(', ')}`

/** Returns the codes of a value; undefined for a value that cannot have a code. */
const codedValuesOf = ({ type, value }: ElementItem): CodedValue[] | undefined => {
  if (type === 'CodeableConcept') return isObject(value) ? each(value.coding as unknown).flatMap(codedIn) : []
  if (type === 'Coding') return codedIn(value)
  // An amount may come without a unit.
  if (type === 'Quantity') return isObject(value) && value.code !== undefined ? codedIn(value) : undefined
  return typeof value === 'string' ? [{ code: value }] : undefined
}

const codedIn = (value: unknown): CodedValue[] => {
  if (!isObject(value) || typeof value.code !== 'string') return []
  return [{ code: value.code, ...textMember(value, 'system'), ...textMember(value, 'version') }]
}

const textMember = (object: Json, name: 'system' | 'version') =>
  typeof object[name] === 'string' ? { [name]: object[name] } : {}
