/** https://hl7.org/fhir/R4/search.html#string */

import type { TypedValue } from '../../fhir/definitions.ts'
import { isObject } from '../../fhir/json/object.ts'
import { withoutEscapes } from '../parse/escapes.ts'
import type { StringValue } from '../query.ts'
import { listOf, nonEmptyText, type Reach, type SearchRules } from './rules.ts'

const longestListed = 100

/**
 * Returns the text without case, accents, punctuation and repeated spaces; strings are compared in this form.
 */
export const normaliseString = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[\p{M}\p{P}]/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()

/**
 * Returns the beginning of a normalised text, under which strings are listed; characters from U+D800 on count
 * as equal.
 */
const listedBeginning = (text: string): string =>
  text.slice(0, longestListed).replace(/[\ud800-\uffff]/g, '\ufffd')

const textMembers: Readonly<Record<string, readonly string[]>> = {
  HumanName: ['text', 'family', 'given', 'prefix', 'suffix'],
  Address: ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country'],
}

const stringsOf = ({ type, value }: TypedValue): readonly string[] => {
  const values = isObject(value) ? (textMembers[type] ?? []).flatMap((name) => listOf(value[name])) : [value]
  return values.map(nonEmptyText).filter((text) => text !== undefined)
}

const whereString =
  (holds: (found: string, wanted: string) => boolean) =>
  (wanted: StringValue, found: TypedValue): boolean =>
    stringsOf(found).some((text) => holds(normaliseString(text), wanted.text))

const listedReach = ({ text }: StringValue): readonly Reach[] | undefined =>
  text === '' ? undefined : [{ kind: 'text', text: listedBeginning(text) }]

export const stringRules: SearchRules<StringValue> = {
  expects: 'some text, with more than punctuation in it',
  parse: (value, { modifier }) => {
    const raw = withoutEscapes(value)
    const text = normaliseString(raw)
    return text === '' && modifier !== 'exact' ? undefined : { type: 'string', text, raw }
  },
  places: (found) =>
    stringsOf(found)
      .map((text) => listedBeginning(normaliseString(text)))
      .filter((text) => text !== '')
      .map((text) => ({ kind: 'text', text })),
  sortKeys: (found) => stringsOf(found).map(normaliseString),
  modifiers: {
    '': {
      matches: (wanted, found) =>
        stringsOf(found).some((text) => normaliseString(text).startsWith(wanted.text)),
      reach: listedReach,
    },
    exact: {
      matches: (wanted, found) => stringsOf(found).includes(wanted.raw),
      reach: listedReach,
    },
    contains: {
      matches: (wanted, found) =>
        stringsOf(found).some((text) => normaliseString(text).includes(wanted.text)),
    },
  },
  operators: {
    'filter:eq': { matches: whereString((found, wanted) => found === wanted), reach: listedReach },
    'filter:ne': { matches: whereString((found, wanted) => found !== wanted) },
    'filter:ew': { matches: whereString((found, wanted) => found.endsWith(wanted)) },
    'filter:gt': { matches: whereString((found, wanted) => found > wanted) },
    'filter:lt': { matches: whereString((found, wanted) => found < wanted) },
    'filter:ge': { matches: whereString((found, wanted) => found >= wanted) },
    'filter:le': { matches: whereString((found, wanted) => found <= wanted) },
  },
  refused: [],
}
