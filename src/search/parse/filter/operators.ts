/** The table of operators at https://hl7.org/fhir/R4/search_filter.html#ops, each as a modifier of the parameter's type. */

import type { SearchType } from '../../../fhir/definitions.ts'
import type { Operator } from './grammar.ts'

/** A row of the search type's modifiers or operators; `prefixed` where the operator is the value's own prefix. */
export interface Meaning {
  readonly modifier: string
  readonly prefixed?: true
}

type Meanings = Readonly<Partial<Record<Operator, Meaning>>>

const plain: Meaning = { modifier: '' }
const as = (modifier: string): Meaning => ({ modifier })
const own = (...names: readonly Operator[]): Meanings =>
  Object.fromEntries(names.map((name) => [name, as(`filter:${name}`)]))
const prefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb'] as const
const prefixed: Meanings = Object.fromEntries(prefixes.map((name) => [name, { ...plain, prefixed: true }]))

const rows: Readonly<Record<SearchType, Meanings>> = {
  string: { ...own('eq', 'ne', 'ew', 'gt', 'lt', 'ge', 'le'), sw: plain, co: as('contains') },
  token: {
    eq: plain,
    ...own('ne', 'co', 'sw', 'ew'),
    in: as('in'),
    ni: as('not-in'),
    ss: as('below'),
    sb: as('above'),
  },
  reference: { eq: plain, re: plain, ...own('ne') },
  uri: { eq: plain, ...own('ne', 'co', 'sw', 'ew'), ss: as('below'), sb: as('above') },
  date: { ...prefixed, ...own('po') },
  number: prefixed,
  quantity: prefixed,
  composite: { eq: plain },
  special: { eq: plain },
}

/** Returns the operators that parameters of a type take, `pr` aside, which all take. */
export const operatorsOf = (type: SearchType): Meanings => rows[type]
