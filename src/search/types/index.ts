import type { SearchType } from '../../fhir/definitions.ts'
import type { SearchValue } from '../query.ts'
import { rowNamed } from '../rows.ts'
import { compositeRules } from './composite.ts'
import { dateRules } from './date.ts'
import { nearRules } from './near.ts'
import { numberRules } from './number.ts'
import { quantityRules } from './quantity.ts'
import { referenceRules } from './reference.ts'
import type { Modifier, SearchRules } from './rules.ts'
import { stringRules } from './string.ts'
import { tokenRules } from './token.ts'
import { uriRules } from './uri.ts'

/** The rules of each search type; a type without a row cannot be searched by itself. */
const rulesByType: Readonly<Partial<Record<SearchType, SearchRules>>> = {
  token: tokenRules,
  reference: referenceRules,
  date: dateRules,
  string: stringRules,
  number: numberRules,
  quantity: quantityRules,
  uri: uriRules,
  composite: compositeRules,
  special: nearRules,
}

/** Returns the rules of a search type; undefined for a type that cannot be searched. */
export const rulesOfType = (type: SearchType): SearchRules | undefined => rulesByType[type]

/** Returns the row of a search type's modifiers, or of its operators, that a clause names. */
export const modifierNamed = (type: SearchType, modifier: string): Modifier<SearchValue> | undefined =>
  rowNamed(rulesByType[type]?.modifiers, modifier) ?? rowNamed(rulesByType[type]?.operators, modifier)
