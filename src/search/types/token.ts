/** https://hl7.org/fhir/R4/search.html#token */

import type { SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { splitEscaped, unescaped } from '../parse/escapes.ts'
import type { TokenValue } from '../query.ts'
import { coded } from './coded.ts'
import {
  isObject,
  type Modifier,
  many,
  type Parsing,
  type Place,
  type Reach,
  type SearchRules,
  textOf,
} from './rules.ts'
import { normalise } from './string.ts'
import { foldCase, listedCode, mayFold, type Token, tokensOf } from './tokens.ts'

const sameCode = (wanted: string, { code, anyCase }: Token): boolean =>
  wanted === code || (anyCase === true && code !== undefined && foldCase(wanted) === foldCase(code))

const sameToken = (wanted: TokenValue, found: Token): boolean =>
  (wanted.code === undefined || sameCode(wanted.code, found)) &&
  (wanted.system === undefined || wanted.system === (found.system ?? ''))

const parse = (text: string, { parameter }: Parsing): TokenValue | undefined => {
  const [first = '', second, ...rest] = splitEscaped(text, '|')
  if (rest.length > 0 || (!first && !second)) return undefined
  if (second === undefined) return { type: 'token', ...codeOf(first, parameter) }
  return second === ''
    ? { type: 'token', system: first }
    : { type: 'token', system: first, ...codeOf(second, parameter) }
}

/** The code as it came, and as codes that differ from it in case alone are listed. */
const codeOf = (code: string, parameter: SearchParameter): { code: string; folded?: string } => {
  const folded = foldCase(code)
  return mayFold(parameter) && folded !== code ? { code, folded } : { code }
}

const matches = (wanted: TokenValue, found: TypedValue): boolean =>
  tokensOf(found).some((token) => sameToken(wanted, token))

const reach = ({ code, folded }: TokenValue): readonly Reach[] | undefined =>
  code === undefined
    ? undefined
    : [code, folded].flatMap((value) =>
        value === undefined ? [] : [{ kind: 'value', value, list: 'token' }],
      )

/** The texts that go with a code. */
const textsOf = ({ type, value }: TypedValue): readonly string[] => {
  if (!isObject(value)) return []
  const kinds = type === 'Identifier' ? many(value.type).filter(isObject) : []
  const codings = many(value.coding).filter(isObject)
  const texts = [
    value.text,
    value.display,
    ...codings.map((coding) => coding.display),
    ...kinds.map((kind) => kind.text),
  ]
  return texts.map(textOf).filter((text) => text !== undefined)
}

/** Part of a text from the beginning of a word on. */
const text: Modifier<TokenValue> = {
  parse: (value) => ({ type: 'token', code: unescaped(value) }),
  matches: ({ code = '' }, found) => {
    const wanted = ` ${normalise(code)}`
    return textsOf(found).some((candidate) => ` ${normalise(candidate)}`.includes(wanted))
  },
}

/** `system|code|value`: an identifier by its kind. */
const ofType: Modifier<TokenValue> = {
  expects:
    'the type and the value of an identifier, `http://terminology.hl7.org/CodeSystem/v2-0203|MR|12345`',
  parse: (value) => {
    const [system, code, identifier, ...rest] = splitEscaped(value, '|')
    if (!system || !code || !identifier || rest.length > 0) return undefined
    return { type: 'token', system, code, value: identifier }
  },
  matches: (wanted, { type, value }) => {
    if (type !== 'Identifier' || !isObject(value) || value.value !== wanted.value) return false
    return isObject(value.type) && matches(wanted, { type: 'CodeableConcept', value: value.type })
  },
  reach: ({ value = '' }) => [{ kind: 'value', value, list: 'token' }],
}

/** For a `_filter` that looks at the letters of a code. */
const spelled = {
  expects: 'some letters of a code',
  parse: (value: string): TokenValue => ({ type: 'token', code: unescaped(value) }),
}

const codeHas =
  (holds: (code: string, wanted: string) => boolean) =>
  ({ code: wanted = '' }: TokenValue, found: TypedValue): boolean =>
    tokensOf(found).some(({ code }) => code !== undefined && holds(code.toLowerCase(), wanted.toLowerCase()))

export const token: SearchRules<TokenValue> = {
  expects: 'a code such as `1234-5`, `http://loinc.org|1234-5`, `|1234-5` or `http://loinc.org|`',
  parse,
  places: (found): readonly Place[] =>
    tokensOf(found)
      .map(listedCode)
      .filter((code) => code !== undefined)
      .map((value) => ({ kind: 'value', value, list: 'token' })),
  sortKeys: (found) => tokensOf(found).map((each) => listedCode(each) ?? each.system ?? ''),
  modifiers: {
    '': { matches, reach },
    not: { matches, negated: true },
    text,
    'of-type': ofType,
    ...coded,
  },
  operators: {
    'filter:ne': { matches: (wanted, found) => tokensOf(found).some((token) => !sameToken(wanted, token)) },
    'filter:co': { ...spelled, matches: codeHas((code, wanted) => code.includes(wanted)) },
    'filter:sw': { ...spelled, matches: codeHas((code, wanted) => code.startsWith(wanted)) },
    'filter:ew': { ...spelled, matches: codeHas((code, wanted) => code.endsWith(wanted)) },
  },
  refused: [],
}
