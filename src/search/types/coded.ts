/**
 * `:in`, `:not-in`, `:above` and `:below` of https://hl7.org/fhir/R4/search.html#token: modifiers whose codes
 * terminology resolves before the search.
 */

import type { TypedValue } from '../../fhir/definitions.ts'
import { splitEscaped, withoutEscapes } from '../parse/escapes.ts'
import type { SearchedCodes, TokenValue } from '../query.ts'
import type { Modifier, Reach } from './rules.ts'
import { tokensOf } from './tokens.ts'

/**
 * The most lists that are read side by side. With more codes another clause drives the search, or the type's
 * listing.
 */
const mostCodeLists = 64

/**
 * Returns the code lists to compare a value with. A `code` element has no system: unless its value set gives
 * the system, every list counts.
 */
const listsFor = (codes: SearchedCodes, system: string | undefined, { type }: TypedValue) => {
  if (system === undefined && type === 'code') return [...codes.values()]
  const list = codes.get(system ?? '')
  return list ? [list] : []
}

const isInCodes = ({ codes }: TokenValue, found: TypedValue): boolean => {
  if (!codes) throw new Error('A code was judged before terminology was asked.')
  return tokensOf(found).some(({ system, code = '' }) =>
    listsFor(codes, system, found).some((list) => list.has(code)),
  )
}

/** Nothing is said to be outside that may yet be inside: another code of a system that is held in part. */
const mayMatch = (wanted: TokenValue, found: TypedValue): boolean =>
  isInCodes(wanted, found) ||
  tokensOf(found).some(({ system, code }) =>
    listsFor(wanted.others ?? new Map(), system, found).some((list) => code !== undefined && !list.has(code)),
  )

const codesReach = ({ codes }: TokenValue): readonly Reach[] | undefined => {
  const distinct = new Set([...(codes?.values() ?? [])].flatMap((list) => [...list]))
  return distinct.size > mostCodeLists
    ? undefined
    : [...distinct].map((value) => ({ kind: 'value', value, list: 'token' }))
}

const inValueSet: Modifier<TokenValue> = {
  expects: 'the address of a value set, `http://hl7.org/fhir/ValueSet/administrative-gender`',
  parse: (text) => ({ type: 'token', set: withoutEscapes(text) }),
  matches: isInCodes,
}

const inCodeHierarchy: Modifier<TokenValue> = {
  expects: 'a code with its system, `http://terminology.hl7.org/CodeSystem/v3-ActCode|AMB`',
  parse: (text) => {
    const [system, code, ...rest] = splitEscaped(text, '|')
    return system && code && rest.length === 0 ? { type: 'token', system, code } : undefined
  },
  matches: isInCodes,
  reach: codesReach,
}

const mimeType = /^[\w.+-]+\/[\w.+*-]+$/

const mimeTypeBase = (type: string): string => (type.split(';')[0] ?? '').trim().toLowerCase()

/** `contenttype:below=text/xml` finds `text/xml; charset=UTF-8`. https://hl7.org/fhir/R4/search.html#mimetype */
const belowCode: Modifier<TokenValue> = {
  expects: `${inCodeHierarchy.expects}, or a MIME type where it is one`,
  parse: (text, parsing) =>
    parsing.parameter.code === 'contenttype' && mimeType.test(text)
      ? { type: 'token', code: mimeTypeBase(text) }
      : inCodeHierarchy.parse?.(text, parsing),
  matches: (wanted, found) =>
    wanted.system === undefined
      ? tokensOf(found).some(({ code = '' }) => mimeTypeBase(code) === wanted.code)
      : isInCodes(wanted, found),
  reach: (wanted) => (wanted.system === undefined ? undefined : codesReach(wanted)),
}

export const terminologyModifiers: Readonly<Record<string, Modifier<TokenValue>>> = {
  in: { ...inValueSet, reach: codesReach },
  'not-in': { ...inValueSet, matches: mayMatch, negated: true },
  above: inCodeHierarchy,
  below: belowCode,
}
