/** https://hl7.org/fhir/R4/search.html#number */

import { isObject } from '../../fhir/json/object.ts'
import {
  approximateInterval,
  type Decimal,
  impliedInterval,
  parseDecimal,
  sortableDecimal,
} from '../../fhir/values/decimal.ts'
import type { Bounds } from '../plan/bounds.ts'
import type { NumberValue, Prefix } from '../query.ts'
import { type Span, splitPrefix } from './prefix.ts'
import type { SearchRules } from './rules.ts'

/** Below and above every sortable decimal. */
const belowEveryNumber = '!'
const aboveEveryNumber = '~'

/**
 * Returns the number with its prefix and the range it stands for, all in the sortable text that `written` gives;
 * undefined where the text is none.
 */
export const parseNumber = (
  text: string,
  written: (decimal: Decimal) => string = sortableDecimal,
): Omit<NumberValue, 'type'> | undefined => {
  const { prefix, rest } = splitPrefix(text)
  const decimal = parseDecimal(rest)
  if (!decimal) return undefined
  const range = prefix === 'ap' ? approximateInterval(decimal) : impliedInterval(decimal)
  return { prefix, at: written(decimal), low: written(range.low), high: written(range.high) }
}

type NumberComparison = (wanted: Omit<NumberValue, 'type'>, found: Span) => boolean

const equalNumbers: NumberComparison = ({ low, high }, found) => found.low >= low && found.high < high

/** `eq` and `ne` compare with the range of the digits, every other prefix with exactly the number. */
export const numberComparisons: Readonly<Record<Prefix, NumberComparison>> = {
  eq: equalNumbers,
  ne: (wanted, found) => !equalNumbers(wanted, found),
  gt: ({ at }, found) => found.high > at,
  lt: ({ at }, found) => found.low < at,
  ge: ({ at }, found) => found.high >= at,
  le: ({ at }, found) => found.low <= at,
  sa: ({ at }, found) => found.low > at,
  eb: ({ at }, found) => found.high < at,
  ap: ({ low, high }, found) => found.low <= high && found.high >= low,
}

/** The bounds of the numbers that satisfy each prefix; `ne` has no bounds. */
export const numberBounds: Readonly<
  Record<Prefix, (wanted: Omit<NumberValue, 'type'>) => Bounds | undefined>
> = {
  eq: ({ low, high }) => ({ from: low, to: high }),
  ne: () => undefined,
  gt: ({ at }) => ({ highFrom: at }),
  lt: ({ at }) => ({ to: at }),
  ge: ({ at }) => ({ highFrom: at }),
  le: ({ at }) => ({ to: at }),
  sa: ({ at }) => ({ from: at }),
  eb: ({ at }) => ({ to: at }),
  ap: ({ low, high }) => ({ to: high, highFrom: low }),
}

/** Returns the sortable text of a JSON number; undefined for any other value. */
export const sortableNumber = (
  value: unknown,
  written: (decimal: Decimal) => string = sortableDecimal,
): string | undefined => {
  const decimal = typeof value === 'number' ? parseDecimal(value) : undefined
  return decimal && written(decimal)
}

/** Returns the numbers from `low` to `high`; a missing end is open. */
export const openSpan = (low: string | undefined, high: string | undefined): Span | undefined =>
  low === undefined && high === undefined
    ? undefined
    : { low: low ?? belowEveryNumber, high: high ?? aboveEveryNumber }

const numberSpanOf = (value: unknown): Span | undefined => {
  if (isObject(value)) return openSpan(rangeEndOf(value.low), rangeEndOf(value.high))
  const at = sortableNumber(value)
  return at === undefined ? undefined : { low: at, high: at }
}

const rangeEndOf = (quantity: unknown): string | undefined =>
  isObject(quantity) ? sortableNumber(quantity.value) : undefined

export const numberRules: SearchRules<NumberValue> = {
  expects: 'a number such as `5`, `5.40` or `gt1e2`',
  parse: (text) => {
    const value = parseNumber(text)
    return value && { type: 'number', ...value }
  },
  places: ({ value }) => {
    const span = numberSpanOf(value)
    return span ? [{ kind: 'range', ...span, list: 'number' }] : []
  },
  sortKeys: ({ value }) => {
    const span = numberSpanOf(value)
    return span ? [span.low] : []
  },
  modifiers: {
    '': {
      matches: (wanted, { value }) => {
        const span = numberSpanOf(value)
        return span !== undefined && numberComparisons[wanted.prefix](wanted, span)
      },
      reach: (wanted) => {
        const bounds = numberBounds[wanted.prefix](wanted)
        return bounds && [{ kind: 'range', bounds, list: 'number' }]
      },
    },
  },
  refused: [],
}
