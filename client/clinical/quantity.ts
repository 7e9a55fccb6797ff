import type { Period, Quantity, Range, Ratio } from 'fhir/r4.js'
import { toDigits } from '../exact.ts'

/** Returns a unit as the data gives it: its words first, its code otherwise. */
export const unitOf = (quantity: Quantity | undefined): string => quantity?.unit ?? quantity?.code ?? ''

/** Returns a quantity with its comparator, its digits and its unit; the empty text where it has none of them. */
export const quantityText = (quantity: Quantity | undefined): string =>
  [`${quantity?.comparator ?? ''}${toDigits(quantity?.value)}`, unitOf(quantity)].filter(Boolean).join(' ')

/** Returns a range, an end that is not given as `…`; the unit stands once where both ends have the same. */
export const rangeText = (range: Range | undefined, dash = '–'): string => {
  const { low, high } = range ?? {}
  if (!low && !high) return ''
  const same = !low || !high || unitOf(low) === unitOf(high) || unitOf(low) === '' || unitOf(high) === ''
  if (!same) return `${quantityText(low)}${dash}${quantityText(high)}`
  const ends = [low, high].map((end) => toDigits(end?.value) || '…').join(dash)
  return `${ends} ${unitOf(low) || unitOf(high)}`.trim()
}

/** Returns a ratio: `1 : 128`, or `100 mL : 1 h` with a colon of the caller's choice. */
export const ratioText = (ratio: Ratio | undefined, colon = ' : '): string =>
  ratio?.numerator || ratio?.denominator
    ? [ratio.numerator, ratio.denominator].map((each) => quantityText(each) || '…').join(colon)
    : ''

/** Returns a period as one time, `start/end` as ISO 8601 writes it, an open end as `..`; empty where it has neither. */
export const periodTime = (period: Period | undefined): string => {
  const { start, end } = period ?? {}
  if (start === undefined && end === undefined) return ''
  return start === end ? (start ?? '') : `${start ?? '..'}/${end ?? '..'}`
}
