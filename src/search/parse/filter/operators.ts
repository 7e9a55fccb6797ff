/** The table of operators at https://hl7.org/fhir/R4/search_filter.html#ops, each as a modifier of the parameter's type. */

import type { SearchType } from '../../../fhir/definitions.ts'
import type { FilterOperator } from './grammar.ts'

/** A row of the search type's modifiers or operators; `prefixed` where the operator is the value's own prefix. */
export interface Meaning {
  readonly modifier: string
  readonly prefixed?: true
}

type Meanings = Readonly<Partial<Record<FilterOperator, Meaning>>>

const plainMeaning: Meaning = { modifier: '' }
const byModifier = (modifier: string): Meaning => ({ modifier })
const namedOperators = (...names: readonly FilterOperator[]): Meanings =>
  Object.fromEntries(names.map((name) => [name, byModifier(`filter:${name}`)]))
const prefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb'] as const
const prefixed: Meanings = Object.fromEntries(
  prefixes.map((name) => [name, { ...plainMeaning, prefixed: true }]),
)

const meaningsByType: Readonly<Record<SearchType, Meanings>> = {
  string: {
    ...namedOperators('eq', 'ne', 'ew', 'gt', 'lt', 'ge', 'le'),
    sw: plainMeaning,
    co: byModifier('contains'),
  },
  token: {
    eq: plainMeaning,
    ...namedOperators('ne', 'co', 'sw', 'ew'),
    in: byModifier('in'),
    ni: byModifier('not-in'),
    ss: byModifier('below'),
    sb: byModifier('above'),
  },
  reference: { eq: plainMeaning, re: plainMeaning, ...namedOperators('ne') },
  uri: {
    eq: plainMeaning,
    ...namedOperators('ne', 'co', 'sw', 'ew'),
    ss: byModifier('below'),
    sb: byModifier('above'),
  },
  date: { ...prefixed, ...namedOperators('po') },
  number: prefixed,
  quantity: prefixed,
  composite: { eq: plainMeaning },
  special: { eq: plainMeaning },
}

/** Returns the operators for parameters of a type, without `pr`, which every type has. */
export const operatorsOf = (type: SearchType): Meanings => meaningsByType[type]
