/** `:in`, `:not-in`, `:above` and `:below` of https://hl7.org/fhir/R4/search.html#token: codes that terminology tells before the search. */

import type { TypedValue } from '../../fhir/definitions.ts'
import { splitEscaped, unescaped } from '../parse/escapes.ts'
import type { Codes, TokenValue } from '../query.ts'
import type { Modifier, Reach } from './rules.ts'
import { tokensOf } from './tokens.ts'

/** So many lists are read side by side; with more codes, another part of the search drives, or the type's listing. */
const mostLists = 64

/** The lists that a code may stand in. A `code` element has no system of its own: where its value set does not tell which, any will do. */
const listsFor = (codes: Codes, system: string | undefined, { type }: TypedValue) => {
  if (system === undefined && type === 'code') return [...codes.values()]
  const list = codes.get(system ?? '')
  return list ? [list] : []
}

const matches = ({ codes }: TokenValue, found: TypedValue): boolean => {
  if (!codes) throw new Error('A code was judged before terminology was asked.')
  return tokensOf(found).some(({ system, code = '' }) =>
    listsFor(codes, system, found).some((list) => list.has(code)),
  )
}

/** Nothing is said to be outside that may yet be inside: another code of a system that is held in part. */
const mayMatch = (wanted: TokenValue, found: TypedValue): boolean =>
  matches(wanted, found) ||
  tokensOf(found).some(({ system, code }) =>
    listsFor(wanted.others ?? new Map(), system, found).some((list) => code !== undefined && !list.has(code)),
  )

const reach = ({ codes }: TokenValue): readonly Reach[] | undefined => {
  const distinct = new Set([...(codes?.values() ?? [])].flatMap((list) => [...list]))
  return distinct.size > mostLists
    ? undefined
    : [...distinct].map((value) => ({ kind: 'value', value, list: 'token' }))
}

const ofSet: Modifier<TokenValue> = {
  expects: 'the address of a value set, `http://hl7.org/fhir/ValueSet/administrative-gender`',
  parse: (text) => ({ type: 'token', set: unescaped(text) }),
  matches,
}

const inHierarchy: Modifier<TokenValue> = {
  expects: 'a code with its system, `http://terminology.hl7.org/CodeSystem/v3-ActCode|AMB`',
  parse: (text) => {
    const [system, code, ...rest] = splitEscaped(text, '|')
    return system && code && rest.length === 0 ? { type: 'token', system, code } : undefined
  },
  matches,
  reach,
}

const mimeType = /^[\w.+-]+\/[\w.+*-]+$/

const baseOf = (type: string): string => (type.split(';')[0] ?? '').trim().toLowerCase()

/** `contenttype:below=text/xml` finds `text/xml; charset=UTF-8`. https://hl7.org/fhir/R4/search.html#mimetype */
const below: Modifier<TokenValue> = {
  expects: `${inHierarchy.expects}, or a MIME type where it is one`,
  parse: (text, parsing) =>
    parsing.parameter.code === 'contenttype' && mimeType.test(text)
      ? { type: 'token', code: baseOf(text) }
      : inHierarchy.parse?.(text, parsing),
  matches: (wanted, found) =>
    wanted.system === undefined
      ? tokensOf(found).some(({ code = '' }) => baseOf(code) === wanted.code)
      : matches(wanted, found),
  reach: (wanted) => (wanted.system === undefined ? undefined : reach(wanted)),
}

export const coded: Readonly<Record<string, Modifier<TokenValue>>> = {
  in: { ...ofSet, reach },
  'not-in': { ...ofSet, matches: mayMatch, negated: true },
  above: inHierarchy,
  below,
}
