/** https://hl7.org/fhir/R4/search.html#composite */

import type { SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { splitRaw } from '../parse/escapes.ts'
import type { CompositeValue, SearchValue } from '../query.ts'
import { date } from './date.ts'
import { number } from './number.ts'
import { quantity } from './quantity.ts'
import { reference } from './reference.ts'
import type { Parsing, SearchRules } from './rules.ts'
import { string } from './string.ts'
import { token } from './token.ts'
import { uri } from './uri.ts'

const parts: Readonly<Record<string, SearchRules>> = { token, reference, date, string, number, quantity, uri }

type Component = NonNullable<SearchParameter['components']>[number]

const parsePart = (
  { code, type, expression }: Component,
  text: string,
  parsing: Parsing,
): SearchValue | undefined => {
  const parameter = { code, type, expression, url: '' }
  return text === '' ? undefined : parts[type]?.parse(text, { ...parsing, parameter })
}

const parse = (text: string, parsing: Parsing): CompositeValue | undefined => {
  const texts = splitRaw(text, '$')
  const { components = [] } = parsing.parameter
  const values = components.map((component, i) => parsePart(component, texts[i] ?? '', parsing))
  const known = values.filter((value) => value !== undefined)
  return texts.length === components.length && known.length === texts.length
    ? { type: 'composite', parts: known }
    : undefined
}

/** All components must match within the same element; `found` holds the values of each component there. */
const matches = (wanted: CompositeValue, found: TypedValue, base: string): boolean => {
  const components = found.value as readonly (readonly TypedValue[])[]
  return wanted.parts.every((part, i) => {
    const row = parts[part.type]?.modifiers['']
    return components[i]?.some((value) => row?.matches(part, value, base)) ?? false
  })
}

export const composite: SearchRules<CompositeValue> = {
  expects: 'one value for each component, joined by `$`',
  parse,
  places: () => [],
  modifiers: { '': { matches } },
  refused: [],
}
