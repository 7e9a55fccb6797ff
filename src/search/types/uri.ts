/** https://hl7.org/fhir/R4/search.html#uri */

import type { TypedValue } from '../../fhir/definitions.ts'
import { parseCanonical } from '../../fhir/references.ts'
import { unescaped } from '../parse/escapes.ts'
import type { UriValue } from '../query.ts'
import { type SearchRules, textOf } from './rules.ts'

const under = (path: string): string => (path.endsWith('/') ? path : `${path}/`)

const isAtOrBelow = (top: string, uri: string): boolean => uri === top || uri.startsWith(under(top))

/** Returns the address and every address above it. */
const addressesAbove = (uri: string): readonly string[] => {
  const ends = [...uri.matchAll(/\//g)].map(({ index }) => index)
  return [uri, ...ends.flatMap((end) => [uri.slice(0, end), uri.slice(0, end + 1)])].filter(
    (text) => text !== '',
  )
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
      reach: (wanted) =>
        [...new Set(addressesAbove(wanted.uri))].map((value) => ({ kind: 'value', value, list: 'uri' })),
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
