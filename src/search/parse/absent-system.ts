/** https://hl7.org/fhir/R4/search.html#token: "the presence of the pipe symbol SHALL NOT be used" */

import type { SearchParameter } from '../../fhir/definitions.ts'
import { splitRaw } from './escapes.ts'

const withoutSystem: ReadonlySet<string> = new Set(['ContactPoint', 'uri', 'boolean'])

/** Returns whether a value names a system although a token parameter's elements have none. */
export const namesAbsentSystem = (
  { type, elements }: SearchParameter,
  modifier: string,
  value: string,
): boolean =>
  type === 'token' &&
  (modifier === '' || modifier === 'not') &&
  elements?.every((element) => withoutSystem.has(element)) === true &&
  splitRaw(value, '|').length > 1

/** Returns the reason why such a value is refused, without its full stop. */
export const absentSystemReason = (name: string, value: string, { elements = [] }: SearchParameter): string =>
  `\`${value}\` is no value of \`${name}\`: what it finds, of type ${elements.join(' or ')}, has no system, so that it takes a value without \`|\``

/** Returns the sentence with which such a value is refused. */
export const absentSystem = (name: string, value: string, parameter: SearchParameter): string =>
  `${absentSystemReason(name, value, parameter)}.`
