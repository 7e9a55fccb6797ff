/** Extensible bindings, https://hl7.org/fhir/R4/terminologies.html#extensible, and required ones that take terminology to judge. */

import { bindingRows } from '../fhir/generated/bindings.js'
import { isObject, type Json } from '../fhir/json/object.ts'
import { structureOf } from '../fhir/structure.ts'
import { error, type Issue, warning } from '../outcome/failure.ts'
import type { AskedCoding, Membership } from '../terminology/membership.ts'
import type { ValidateCode } from '../terminology/value-sets/validate-code.ts'

/** Codes that stand under a binding. */
interface Bound {
  expression: string
  valueSet: string
  strength: string
  asked: readonly AskedCoding[]
}

/** Returns the issues of the codes in a resource; codes that the terminology confirms have no issue. */
export const bindingIssues = async (resource: unknown, validateCode: ValidateCode): Promise<Issue[]> => {
  const bound: Bound[] = []
  if (isObject(resource)) walkResource(resource, String(resource.resourceType), bound)
  const answers = await Promise.all(bound.map((each) => membershipOf(each, validateCode)))
  const having = (answer: Membership): Bound[] => bound.filter((_, i) => answers[i] === answer)
  const unknown = Map.groupBy(having('unknown'), ({ valueSet }) => valueSet)
  return [...having('no').map(notIn), ...[...unknown.values()].map(notTold)].slice(0, mostIssues)
}

/** As many as validation tells of everything else. */
const mostIssues = 50

/** Deeper than any resource of the standard. */
const deepestBinding = 100

const walkResource = (resource: Json, expression: string, bound: Bound[], steps = 0): void =>
  walkBound(resource, String(resource.resourceType), expression, bound, steps)

const walkBound = (
  object: Json,
  content: string,
  expression: string,
  bound: Bound[],
  steps: number,
): void => {
  const members = structureOf(content)?.members
  if (!members || steps > deepestBinding) return
  for (const name in object) {
    const { element, type } = members.get(name) ?? {}
    if (!element || !type) continue
    const binding = bindingRows[element.path]
    for (const [at, value] of boundPlacesOf(object[name], `${expression}.${element.name}`)) {
      if (binding) collect(binding, at, value, bound)
      if (!isObject(value)) continue
      if (type.code === 'Resource') walkResource(value, at, bound, steps + 1)
      else walkBound(value, type.content, at, bound, steps + 1)
    }
  }
}

const boundPlacesOf = (value: unknown, at: string): readonly (readonly [string, unknown])[] =>
  Array.isArray(value) ? value.map((each, i) => [`${at}[${i}]`, each]) : [[at, value]]

const collect = (binding: string, expression: string, value: unknown, bound: Bound[]): void => {
  const [strength = '', valueSet = ''] = binding.split(' ')
  const asked = codesIn(value)
  if (asked.length > 0) bound.push({ expression, strength, valueSet, asked })
}

/** An extensible binding permits a text without codes. */
const codesIn = (value: unknown): readonly AskedCoding[] => {
  if (typeof value === 'string') return [{ code: value }]
  if (!isObject(value)) return []
  const codings: readonly unknown[] = Array.isArray(value.coding) ? value.coding : [value]
  return codings.filter(isObject).flatMap(askedCodingsIn)
}

const askedCodingsIn = ({ system, version, code }: Json): readonly AskedCoding[] => {
  if (typeof code !== 'string' || (system !== undefined && typeof system !== 'string')) return []
  return [{ code, system: system ?? '', ...(typeof version === 'string' && { version }) }]
}

/** A CodeableConcept fulfils its binding with any of its codings. */
const membershipOf = async ({ valueSet, asked }: Bound, validateCode: ValidateCode): Promise<Membership> => {
  const answers = await Promise.all(asked.map((each) => validateCode(valueSet, each)))
  if (answers.includes('yes')) return 'yes'
  return answers.includes('unknown') ? 'unknown' : 'no'
}

const boundCodesText = ({ asked }: Bound): string =>
  asked.map(({ system, code }) => `\`${system ? `${system}|${code}` : code}\``).join(', ')

/** Returns a single issue for all codes of a value set. */
const notTold = ([first, ...others]: readonly Bound[]): Issue => {
  const { valueSet = '', expression = '' } = first ?? {}
  const more = others.length > 0 ? `; the same holds of ${others.length} more` : ''
  const codes = first ? boundCodesText(first) : ''
  return {
    ...warning(
      'not-found',
      `whether ${codes} is in the value set \`${valueSet}\` cannot be told from the terminology that is held${more}`,
      expression,
    ),
    severity: 'information',
  }
}

const notIn = (bound: Bound): Issue => {
  const { strength, valueSet, expression } = bound
  return strength === 'required'
    ? error('code-invalid', `${boundCodesText(bound)} is not in the value set \`${valueSet}\``, expression)
    : warning(
        'code-invalid',
        `${boundCodesText(bound)} is not in the value set \`${valueSet}\`, whose codes are to be used where one of them fits`,
        expression,
      )
}
