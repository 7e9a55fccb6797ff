/** https://hl7.org/fhir/R4/search.html#token */

import type { SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { isObject } from '../../fhir/json/object.ts'
import { splitEscaped, withoutEscapes } from '../parse/escapes.ts'
import type { TokenValue } from '../query.ts'
import { terminologyModifiers } from './coded.ts'
import {
  type IndexPlace,
  listOf,
  type Modifier,
  nonEmptyText,
  type Parsing,
  type Reach,
  type SearchRules,
} from './rules.ts'
import { normaliseString } from './string.ts'
import { type CodedToken, foldCase, indexedCode, mayFold, tokensOf } from './tokens.ts'

const sameCode = (wanted: string, { code, anyCase }: CodedToken): boolean =>
  wanted === code || (anyCase === true && code !== undefined && foldCase(wanted) === foldCase(code))

const sameToken = (wanted: TokenValue, found: CodedToken): boolean =>
  (wanted.code === undefined || sameCode(wanted.code, found)) &&
  (wanted.system === undefined || wanted.system === (found.system ?? ''))

const parseToken = (text: string, { parameter }: Parsing): TokenValue | undefined => {
  const [first = '', second, ...rest] = splitEscaped(text, '|')
  if (rest.length > 0 || (!first && !second)) return undefined
  if (second === undefined) return { type: 'token', ...codeWithFolded(first, parameter) }
  return second === ''
    ? { type: 'token', system: first }
    : { type: 'token', system: first, ...codeWithFolded(second, parameter) }
}

/** Returns the code as sent and, for parameters that ignore case, its folded form. */
const codeWithFolded = (code: string, parameter: SearchParameter): { code: string; folded?: string } => {
  const folded = foldCase(code)
  return mayFold(parameter) && folded !== code ? { code, folded } : { code }
}

const matchesToken = (wanted: TokenValue, found: TypedValue): boolean =>
  tokensOf(found).some((token) => sameToken(wanted, token))

const tokenReach = ({ code, folded }: TokenValue): readonly Reach[] | undefined =>
  code === undefined
    ? undefined
    : [code, folded].flatMap((value) =>
        value === undefined ? [] : [{ kind: 'value', value, list: 'token' }],
      )

/** The texts that go with a code. */
const displayTextsOf = ({ type, value }: TypedValue): readonly string[] => {
  if (!isObject(value)) return []
  const kinds = type === 'Identifier' ? listOf(value.type).filter(isObject) : []
  const codings = listOf(value.coding).filter(isObject)
  const texts = [
    value.text,
    value.display,
    ...codings.map((coding) => coding.display),
    ...kinds.map((kind) => kind.text),
  ]
  return texts.map(nonEmptyText).filter((text) => text !== undefined)
}

/** Part of a text from the beginning of a word on. */
const textModifier: Modifier<TokenValue> = {
  parse: (value) => ({ type: 'token', code: withoutEscapes(value) }),
  matches: ({ code = '' }, found) => {
    const wanted = ` ${normaliseString(code)}`
    return displayTextsOf(found).some((candidate) => ` ${normaliseString(candidate)}`.includes(wanted))
  },
}

/** `system|code|value`: an identifier by its kind. */
const ofTypeModifier: Modifier<TokenValue> = {
  expects:
    'the type and the value of an identifier, `http://terminology.hl7.org/CodeSystem/v2-0203|MR|12345`',
  parse: (value) => {
    const [system, code, identifier, ...rest] = splitEscaped(value, '|')
    if (!system || !code || !identifier || rest.length > 0) return undefined
    return { type: 'token', system, code, value: identifier }
  },
  matches: (wanted, { type, value }) => {
    if (type !== 'Identifier' || !isObject(value) || value.value !== wanted.value) return false
    return isObject(value.type) && matchesToken(wanted, { type: 'CodeableConcept', value: value.type })
  },
  reach: ({ value = '' }) => [{ kind: 'value', value, list: 'token' }],
}

/** For a `_filter` that looks at the letters of a code. */
const codeOperand = {
  expects: 'some letters of a code',
  parse: (value: string): TokenValue => ({ type: 'token', code: withoutEscapes(value) }),
}

const codeHas =
  (holds: (code: string, wanted: string) => boolean) =>
  ({ code: wanted = '' }: TokenValue, found: TypedValue): boolean =>
    tokensOf(found).some(({ code }) => code !== undefined && holds(code.toLowerCase(), wanted.toLowerCase()))

export const tokenRules: SearchRules<TokenValue> = {
  expects: 'a code such as `1234-5`, `http://loinc.org|1234-5`, `|1234-5` or `http://loinc.org|`',
  parse: parseToken,
  places: (found): readonly IndexPlace[] =>
    tokensOf(found)
      .map(indexedCode)
      .filter((code) => code !== undefined)
      .map((value) => ({ kind: 'value', value, list: 'token' })),
  sortKeys: (found) => tokensOf(found).map((each) => indexedCode(each) ?? each.system ?? ''),
  modifiers: {
    '': { matches: matchesToken, reach: tokenReach },
    not: { matches: matchesToken, negated: true },
    text: textModifier,
    'of-type': ofTypeModifier,
    ...terminologyModifiers,
  },
  operators: {
    'filter:ne': { matches: (wanted, found) => tokensOf(found).some((token) => !sameToken(wanted, token)) },
    'filter:co': { ...codeOperand, matches: codeHas((code, wanted) => code.includes(wanted)) },
    'filter:sw': { ...codeOperand, matches: codeHas((code, wanted) => code.startsWith(wanted)) },
    'filter:ew': { ...codeOperand, matches: codeHas((code, wanted) => code.endsWith(wanted)) },
  },
  refused: [],
}
