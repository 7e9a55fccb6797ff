import type { SearchType } from '../../fhir/definitions.ts'
import type { SearchValue } from '../query.ts'
import { rowNamed } from '../rows.ts'
import { composite } from './composite.ts'
import { date } from './date.ts'
import { near } from './near.ts'
import { number } from './number.ts'
import { quantity } from './quantity.ts'
import { reference } from './reference.ts'
import type { Modifier, SearchRules } from './rules.ts'
import { string } from './string.ts'
import { token } from './token.ts'
import { uri } from './uri.ts'

/** The rules of each search type; a type without a row cannot be searched by itself. */
const rows: Readonly<Partial<Record<SearchType, SearchRules>>> = {
  token,
  reference,
  date,
  string,
  number,
  quantity,
  uri,
  composite,
  special: near,
}

/** Returns the rules of a search type; undefined where it has none of its own. */
export const rulesOf = (type: SearchType): SearchRules | undefined => rows[type]

/** Returns the row of a search type's modifiers, or of its operators, that a clause names. */
export const rowOf = (type: SearchType, modifier: string): Modifier<SearchValue> | undefined =>
  rowNamed(rows[type]?.modifiers, modifier) ?? rowNamed(rows[type]?.operators, modifier)
