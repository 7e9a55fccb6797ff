/** https://hl7.org/fhir/R4/search.html#quantity */

import type { TypedValue } from '../../fhir/definitions.ts'
import { splitEscaped } from '../escapes.ts'
import type { QuantityValue } from '../query.ts'
import { numberBounds, numberComparisons, openSpan, parseNumber, sortableNumber } from './number.ts'
import type { Span } from './prefix.ts'
import { isObject, type SearchRules, textOf } from './rules.ts'

/** A quantity as it stands in a resource: how much, and of what. */
interface Measure extends Span {
  system?: string | undefined
  code?: string | undefined
  unit?: string | undefined
}

const currencies = 'urn:iso:std:iso:4217'

const measureOf = ({ type, value }: TypedValue): Measure | undefined => {
  if (!isObject(value)) return undefined
  if (type === 'Range') return rangeMeasure(value)
  const span = comparedSpan(sortableNumber(value.value), textOf(value.comparator))
  if (type === 'Money') return span && { ...span, system: currencies, code: textOf(value.currency) }
  return span && { ...span, ...unitOf(value) }
}

const unitOf = (quantity: Record<string, unknown>) => ({
  system: textOf(quantity.system),
  code: textOf(quantity.code),
  unit: textOf(quantity.unit),
})

const rangeMeasure = ({ low, high }: Record<string, unknown>): Measure | undefined => {
  const ends = [low, high].filter(isObject)
  const [from, to] = [low, high].map((end) => (isObject(end) ? sortableNumber(end.value) : undefined))
  const span = openSpan(from, to)
  return span && ends[0] && { ...span, ...unitOf(ends[0]) }
}

/** `<5` says that the value lies somewhere below 5. */
const comparedSpan = (at: string | undefined, comparator: string | undefined): Span | undefined => {
  if (at === undefined) return undefined
  if (comparator?.startsWith('<')) return openSpan(undefined, at)
  return comparator?.startsWith('>') ? openSpan(at, undefined) : { low: at, high: at }
}

const sameUnit = (wanted: QuantityValue, found: Measure): boolean => {
  if (wanted.code === undefined) return wanted.system === undefined || found.system === wanted.system
  if (wanted.system === undefined || wanted.system === '')
    return found.code === wanted.code || found.unit === wanted.code
  return found.system === wanted.system && found.code === wanted.code
}

const parse = (text: string): QuantityValue | undefined => {
  const [amount = '', system, code, ...rest] = splitEscaped(text, '|')
  const value = parseNumber(amount)
  if (!value || rest.length > 0) return undefined
  return {
    type: 'quantity',
    ...value,
    ...(system && { system }),
    ...(code && { code }),
  }
}

export const quantity: SearchRules<QuantityValue> = {
  expects: 'a quantity such as `5.4`, `gt5.4|http://unitsofmeasure.org|mg` or `5.4||mg`',
  parse,
  places: (found) => {
    const measure = measureOf(found)
    return measure ? [{ kind: 'range', low: measure.low, high: measure.high, list: 'quantity' }] : []
  },
  sortKeys: (found) => {
    const measure = measureOf(found)
    return measure ? [measure.low] : []
  },
  modifiers: {
    '': {
      matches: (wanted, found) => {
        const measure = measureOf(found)
        return (
          measure !== undefined &&
          sameUnit(wanted, measure) &&
          numberComparisons[wanted.prefix](wanted, measure)
        )
      },
      reach: (wanted) => {
        const bounds = numberBounds[wanted.prefix](wanted)
        return bounds && [{ kind: 'range', bounds, list: 'quantity' }]
      },
    },
  },
  refused: [],
}
