/** https://hl7.org/fhir/R4/search.html#composite */

import type { SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { splitRaw } from '../parse/escapes.ts'
import type { CompositeValue, SearchValue } from '../query.ts'
import { dateRules } from './date.ts'
import { numberRules } from './number.ts'
import { quantityRules } from './quantity.ts'
import { referenceRules } from './reference.ts'
import type { Parsing, SearchRules } from './rules.ts'
import { stringRules } from './string.ts'
import { tokenRules } from './token.ts'
import { uriRules } from './uri.ts'

const componentRules: Readonly<Record<string, SearchRules>> = {
  token: tokenRules,
  reference: referenceRules,
  date: dateRules,
  string: stringRules,
  number: numberRules,
  quantity: quantityRules,
  uri: uriRules,
}

type CompositeComponent = NonNullable<SearchParameter['components']>[number]

const parseComponent = (
  { code, type, expression }: CompositeComponent,
  text: string,
  parsing: Parsing,
): SearchValue | undefined => {
  const parameter = { code, type, expression, url: '' }
  return text === '' ? undefined : componentRules[type]?.parse(text, { ...parsing, parameter })
}

const parseComposite = (text: string, parsing: Parsing): CompositeValue | undefined => {
  const texts = splitRaw(text, '$')
  const { components = [] } = parsing.parameter
  const values = components.map((component, i) => parseComponent(component, texts[i] ?? '', parsing))
  const known = values.filter((value) => value !== undefined)
  return texts.length === components.length && known.length === texts.length
    ? { type: 'composite', parts: known }
    : undefined
}

/** All components must match within the same element; `found` holds the values of each component there. */
const matchesComposite = (wanted: CompositeValue, found: TypedValue, base: string): boolean => {
  const components = found.value as readonly (readonly TypedValue[])[]
  return wanted.parts.every((part, i) => {
    const row = componentRules[part.type]?.modifiers['']
    return components[i]?.some((value) => row?.matches(part, value, base)) ?? false
  })
}

export const compositeRules: SearchRules<CompositeValue> = {
  expects: 'one value for each component, joined by `$`',
  parse: parseComposite,
  places: () => [],
  modifiers: { '': { matches: matchesComposite } },
  refused: [],
}
