/** https://hl7.org/fhir/R4/search.html#string */

import type { TypedValue } from '../../fhir/definitions.ts'
import { unescaped } from '../parse/escapes.ts'
import type { StringValue } from '../query.ts'
import { isObject, many, type Reach, type SearchRules, textOf } from './rules.ts'

const longest = 100

/** Returns the text without case, accents, punctuation and needless space, by which strings are compared. */
export const normalise = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[\p{M}\p{P}]/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()

/** Returns the beginning of a normalised text by which lists are kept; beyond the 55,000th character all are equal. */
const listed = (text: string): string => text.slice(0, longest).replace(/[\ud800-\uffff]/g, '\ufffd')

const parts: Readonly<Record<string, readonly string[]>> = {
  HumanName: ['text', 'family', 'given', 'prefix', 'suffix'],
  Address: ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country'],
}

const textsOf = ({ type, value }: TypedValue): readonly string[] => {
  const values = isObject(value) ? (parts[type] ?? []).flatMap((name) => many(value[name])) : [value]
  return values.map(textOf).filter((text) => text !== undefined)
}

const compared =
  (holds: (found: string, wanted: string) => boolean) =>
  (wanted: StringValue, found: TypedValue): boolean =>
    textsOf(found).some((text) => holds(normalise(text), wanted.text))

const listedReach = ({ text }: StringValue): readonly Reach[] | undefined =>
  text === '' ? undefined : [{ kind: 'text', text: listed(text) }]

export const string: SearchRules<StringValue> = {
  expects: 'some text, with more than punctuation in it',
  parse: (value, { modifier }) => {
    const raw = unescaped(value)
    const text = normalise(raw)
    return text === '' && modifier !== 'exact' ? undefined : { type: 'string', text, raw }
  },
  places: (found) =>
    textsOf(found)
      .map((text) => listed(normalise(text)))
      .filter((text) => text !== '')
      .map((text) => ({ kind: 'text', text })),
  sortKeys: (found) => textsOf(found).map(normalise),
  modifiers: {
    '': {
      matches: (wanted, found) => textsOf(found).some((text) => normalise(text).startsWith(wanted.text)),
      reach: listedReach,
    },
    exact: {
      matches: (wanted, found) => textsOf(found).includes(wanted.raw),
      reach: listedReach,
    },
    contains: {
      matches: (wanted, found) => textsOf(found).some((text) => normalise(text).includes(wanted.text)),
    },
  },
  operators: {
    'filter:eq': { matches: compared((found, wanted) => found === wanted), reach: listedReach },
    'filter:ne': { matches: compared((found, wanted) => found !== wanted) },
    'filter:ew': { matches: compared((found, wanted) => found.endsWith(wanted)) },
    'filter:gt': { matches: compared((found, wanted) => found > wanted) },
    'filter:lt': { matches: compared((found, wanted) => found < wanted) },
    'filter:ge': { matches: compared((found, wanted) => found >= wanted) },
    'filter:le': { matches: compared((found, wanted) => found <= wanted) },
  },
  refused: [],
}
