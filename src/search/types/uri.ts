/** https://hl7.org/fhir/R4/search.html#uri */

import type { TypedValue } from '../../fhir/definitions.ts'
import { parseCanonical } from '../../fhir/references.ts'
import { unescaped } from '../parse/escapes.ts'
import type { UriValue } from '../query.ts'
import { type SearchRules, textOf } from './rules.ts'

/** A URN is no path: nothing is above or below it. */
const isUrn = (uri: string): boolean => /^urn:/i.test(uri)

/** R4 compares from the left, by characters rather than by the parts of a path. */
const isAtOrBelow = (top: string, uri: string): boolean =>
  uri === top || (uri.startsWith(top) && !isUrn(uri) && top !== '')

/** With a longer one, another part of the search drives, or the type's listing: each text is a list to be read. */
const longestAbove = 200

/** Returns every text that an address begins with, itself included; undefined where there are too many. */
const addressesAbove = (uri: string): readonly string[] | undefined => {
  if (isUrn(uri)) return [uri]
  if (uri.length > longestAbove) return undefined
  return Array.from({ length: uri.length }, (_, i) => uri.slice(0, i + 1))
}

/** What a value answers to: a canonical address with a version (`_profile`) also to the address alone. */
const urisOf = ({ type, value }: TypedValue): readonly string[] => {
  const text = textOf(value)
  if (text === undefined) return []
  return type === 'canonical' && text.includes('|') ? [text, parseCanonical(text).url] : [text]
}

const uriOf = ({ value }: TypedValue): string | undefined => textOf(value)

const compared =
  (holds: (found: string, wanted: string) => boolean) =>
  (wanted: UriValue, found: TypedValue): boolean => {
    const value = uriOf(found)
    return value !== undefined && holds(value, wanted.uri)
  }

export const uri: SearchRules<UriValue> = {
  expects: 'a URI',
  parse: (text) => ({ type: 'uri', uri: unescaped(text) }),
  places: (found) => urisOf(found).map((value) => ({ kind: 'value', value, list: 'uri' })),
  sortKeys: (found) => {
    const value = uriOf(found)
    return value === undefined ? [] : [value]
  },
  modifiers: {
    '': {
      matches: (wanted, found) => urisOf(found).includes(wanted.uri),
      reach: (wanted) => [{ kind: 'value', value: wanted.uri, list: 'uri' }],
    },
    below: { matches: (wanted, found) => urisOf(found).some((uri) => isAtOrBelow(wanted.uri, uri)) },
    above: {
      matches: (wanted, found) => urisOf(found).some((uri) => isAtOrBelow(uri, wanted.uri)),
      reach: ({ uri: wanted }) =>
        addressesAbove(wanted)?.map((value) => ({ kind: 'value', value, list: 'uri' })),
    },
  },
  operators: {
    'filter:ne': {
      matches: (wanted, found) => uriOf(found) !== undefined && !urisOf(found).includes(wanted.uri),
    },
    'filter:co': { matches: compared((found, wanted) => found.includes(wanted)) },
    'filter:sw': { matches: compared((found, wanted) => found.startsWith(wanted)) },
    'filter:ew': { matches: compared((found, wanted) => found.endsWith(wanted)) },
  },
  refused: [],
}
