/** https://hl7.org/fhir/R4/search.html#uri */

import type { TypedValue } from '../../fhir/definitions.ts'
import { parseCanonical } from '../../fhir/references.ts'
import { withoutEscapes } from '../parse/escapes.ts'
import type { UriValue } from '../query.ts'
import { nonEmptyText, type SearchRules } from './rules.ts'

/** A URN is not a path: it has nothing above or below. */
const isUrn = (uri: string): boolean => /^urn:/i.test(uri)

/** R4 compares from the left, by characters rather than by the parts of a path. */
const isAtOrBelow = (top: string, uri: string): boolean =>
  uri === top || (uri.startsWith(top) && !isUrn(uri) && top !== '')

/**
 * The longest address for `:above`: each beginning of the address is a list to read. With a longer address
 * another clause drives the search.
 */
const longestAbove = 200

/** Returns every text that an address begins with, itself included; undefined where there are too many. */
const addressesAbove = (uri: string): readonly string[] | undefined => {
  if (isUrn(uri)) return [uri]
  if (uri.length > longestAbove) return undefined
  return Array.from({ length: uri.length }, (_, i) => uri.slice(0, i + 1))
}

/** Returns the URIs under which a value is found: a canonical with a version also under its url alone. */
const urisOf = ({ type, value }: TypedValue): readonly string[] => {
  const text = nonEmptyText(value)
  if (text === undefined) return []
  return type === 'canonical' && text.includes('|') ? [text, parseCanonical(text).url] : [text]
}

const uriOf = ({ value }: TypedValue): string | undefined => nonEmptyText(value)

const whereUri =
  (holds: (found: string, wanted: string) => boolean) =>
  (wanted: UriValue, found: TypedValue): boolean => {
    const value = uriOf(found)
    return value !== undefined && holds(value, wanted.uri)
  }

export const uriRules: SearchRules<UriValue> = {
  expects: 'a URI',
  parse: (text) => ({ type: 'uri', uri: withoutEscapes(text) }),
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
    'filter:co': { matches: whereUri((found, wanted) => found.includes(wanted)) },
    'filter:sw': { matches: whereUri((found, wanted) => found.startsWith(wanted)) },
    'filter:ew': { matches: whereUri((found, wanted) => found.endsWith(wanted)) },
  },
  refused: [],
}
