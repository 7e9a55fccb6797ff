/** https://hl7.org/fhir/R4/search.html#quantity */

import type { TypedValue } from '../../fhir/definitions.ts'
import { isObject } from '../../fhir/json/object.ts'
import { type Decimal, sortableDecimal } from '../../fhir/values/decimal.ts'
import { inBaseUnits, type Unit, ucumUnitOf } from '../../fhir/values/units.ts'
import { splitEscaped } from '../parse/escapes.ts'
import type { QuantityValue } from '../query.ts'
import { numberBounds, numberComparisons, openSpan, parseNumber, sortableNumber } from './number.ts'
import type { Span } from './prefix.ts'
import { type IndexPlace, nonEmptyText, type SearchRules } from './rules.ts'

/** A quantity of a resource: amount and unit. */
interface Measure extends Span, UnitLabels {
  /** The amount in base units, for a unit of UCUM. */
  measured?: BaseUnitSpan | undefined
}

interface UnitLabels {
  system?: string | undefined
  code?: string | undefined
  unit?: string | undefined
}

interface BaseUnitSpan extends Span {
  dimension: string
}

const currencies = 'urn:iso:std:iso:4217'
const ucum = 'http://unitsofmeasure.org'

/** Returns a function that writes amounts of a unit so that all amounts of its dimension sort together. */
const sortableIn =
  (unit: Unit) =>
  (amount: Decimal): string =>
    sortableDecimal(inBaseUnits(amount, unit))

const ucumUnit = ({ system, code }: UnitLabels): Unit | undefined =>
  system === ucum && code !== undefined ? ucumUnitOf(code) : undefined

const measureOf = ({ type, value }: TypedValue): Measure | undefined => {
  if (!isObject(value)) return undefined
  if (type === 'Range') return measureBetween(value.low, value.high)
  if (type === 'Money') return moneyMeasure(value)
  const comparator = nonEmptyText(value.comparator)
  if (comparator?.startsWith('<')) return measureBetween(undefined, value)
  return comparator?.startsWith('>') ? measureBetween(value, undefined) : measureBetween(value, value)
}

const moneyMeasure = ({ value, currency }: Record<string, unknown>): Measure | undefined => {
  const at = sortableNumber(value)
  return at === undefined
    ? undefined
    : { low: at, high: at, system: currencies, code: nonEmptyText(currency) }
}

/** The low or high end of a measure, as given and in base units. */
interface QuantityEnd extends UnitLabels {
  at: string
  base: string | undefined
  dimension: string | undefined
}

const quantityEndOf = (quantity: unknown): QuantityEnd | undefined => {
  if (!isObject(quantity)) return undefined
  const at = sortableNumber(quantity.value)
  if (at === undefined) return undefined
  const labels = {
    system: nonEmptyText(quantity.system),
    code: nonEmptyText(quantity.code),
    unit: nonEmptyText(quantity.unit),
  }
  const unit = ucumUnit(labels)
  const base = unit && sortableNumber(quantity.value, sortableIn(unit))
  return { at, ...labels, base, dimension: unit?.dimension }
}

/** Returns all that lies between two quantities; a missing end is open: `<5` says that the value lies somewhere below 5. */
const measureBetween = (from: unknown, to: unknown): Measure | undefined => {
  const [low, high] = [quantityEndOf(from), quantityEndOf(to)]
  const span = openSpan(low?.at, high?.at)
  const { system, code, unit } = low ?? high ?? {}
  return span && { ...span, system, code, unit, measured: measuredBetween(low, high) }
}

const measuredBetween = (
  low: QuantityEnd | undefined,
  high: QuantityEnd | undefined,
): BaseUnitSpan | undefined => {
  const dimension = (low ?? high)?.dimension
  const isOne = [low, high].every((end) => end === undefined || end.dimension === dimension)
  const span = openSpan(low?.base, high?.base)
  return dimension !== undefined && isOne && span ? { ...span, dimension } : undefined
}

const sameUnit = (wanted: QuantityValue, found: Measure): boolean => {
  if (wanted.code === undefined) return wanted.system === undefined || found.system === wanted.system
  if (wanted.system === undefined || wanted.system === '')
    return found.code === wanted.code || found.unit === wanted.code
  return found.system === wanted.system && found.code === wanted.code
}

const matchesQuantity = (wanted: QuantityValue, found: TypedValue): boolean => {
  const measure = measureOf(found)
  if (!measure) return false
  const { measured } = wanted
  if (!measured) return sameUnit(wanted, measure) && numberComparisons[wanted.prefix](wanted, measure)
  return (
    measure.measured?.dimension === measured.dimension &&
    numberComparisons[wanted.prefix](measured, measure.measured)
  )
}

const parseQuantity = (text: string): QuantityValue | undefined => {
  const [amount = '', system, code, ...rest] = splitEscaped(text, '|')
  const value = parseNumber(amount)
  if (!value || rest.length > 0) return undefined
  const labels = { ...(system && { system }), ...(code && { code }) }
  const unit = ucumUnit(labels)
  const measured = unit && parseNumber(amount, sortableIn(unit))
  return {
    type: 'quantity',
    ...value,
    ...labels,
    ...(unit && measured && { measured: { ...measured, dimension: unit.dimension } }),
  }
}

/** Beside its amount as given a measure is remembered in base units, under its dimension. */
const quantityPlaces = ({ low, high, measured }: Measure): readonly IndexPlace[] => {
  const given: IndexPlace = { kind: 'range', low, high, list: 'quantity' }
  return measured
    ? [given, { ...given, low: measured.low, high: measured.high, under: `:${measured.dimension}` }]
    : [given]
}

export const quantityRules: SearchRules<QuantityValue> = {
  expects: 'a quantity such as `5.4`, `gt5.4|http://unitsofmeasure.org|mg` or `5.4||mg`',
  parse: parseQuantity,
  places: (found) => {
    const measure = measureOf(found)
    return measure ? quantityPlaces(measure) : []
  },
  /**
   * Comparable quantities sort together: by dimension, quantities without a dimension first, then by amount.
   */
  sortKeys: (found) => {
    const measure = measureOf(found)
    return measure ? [`${measure.measured?.dimension ?? ''} ${measure.measured?.low ?? measure.low}`] : []
  },
  modifiers: {
    '': {
      matches: matchesQuantity,
      reach: ({ prefix, measured, ...given }) => {
        const bounds = numberBounds[prefix](measured ?? { prefix, ...given })
        const under = measured && { under: `:${measured.dimension}` }
        return bounds && [{ kind: 'range', bounds, list: 'quantity', ...under }]
      },
    },
  },
  refused: [],
}
