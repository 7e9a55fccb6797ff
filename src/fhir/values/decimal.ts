/** Decimals without loss, https://hl7.org/fhir/R4/datatypes.html#decimal and https://hl7.org/fhir/R4/search.html#number */

/** The number coefficient × 10^exponent; the exponent is that of the last written digit, and so shows the precision. */
export interface Decimal {
  coefficient: bigint
  exponent: number
}

const decimalPattern = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/
/** The specification reads `1e2` as [95, 105): a whole number with an exponent counts a digit more than is written. */
const exponentFraction = '0'
const exponentLimit = 4000
const lengthLimit = 200

/** Returns the decimal of a text or JSON number; undefined if the text is no decimal, or is beyond 10^±4000. */
export const parseDecimal = (source: string | number): Decimal | undefined => {
  const text = String(source)
  const match = text.length <= lengthLimit ? decimalPattern.exec(text) : null
  if (!match) return undefined
  const [, sign, whole, written, power] = match
  const fraction = written ?? (power === undefined ? '' : exponentFraction)
  const coefficient = BigInt(`${whole}${fraction}`)
  const exponent = Number(power ?? 0) - fraction.length
  if (Math.abs(exponent) > exponentLimit) return undefined
  return { coefficient: sign === '-' ? -coefficient : coefficient, exponent }
}

/** Returns the interval [low, high) of the numbers that round to this decimal at its precision. */
export const impliedInterval = ({ coefficient, exponent }: Decimal): { low: Decimal; high: Decimal } => ({
  low: { coefficient: coefficient * 10n - 5n, exponent: exponent - 1 },
  high: { coefficient: coefficient * 10n + 5n, exponent: exponent - 1 },
})

/** Returns the interval of the numbers within ten per cent of this decimal, the meaning of the prefix `ap`. */
export const approximateInterval = ({ coefficient, exponent }: Decimal): { low: Decimal; high: Decimal } => {
  const ends = [9n, 11n].map((tenths) => ({ coefficient: coefficient * tenths, exponent: exponent - 1 }))
  const [low, high] = coefficient < 0n ? ends.reverse() : ends
  return { low, high } as { low: Decimal; high: Decimal }
}

const bias = 5000
const complement = (digits: string): string => digits.replace(/\d/g, (digit) => String(9 - Number(digit)))

/**
 * Returns text that sorts, by code unit, as the numbers do; equal numbers give equal text whatever their precision.
 * Form: `2` exponent digits for positive numbers, `1` for zero, `0` with both complemented and `~` for negative ones.
 */
export const sortableDecimal = ({ coefficient, exponent }: Decimal): string => {
  if (coefficient === 0n) return '1'
  const negative = coefficient < 0n
  const written = (negative ? -coefficient : coefficient).toString()
  const power = String(written.length + exponent + bias).padStart(4, '0')
  const digits = written.replace(/0+$/, '')
  return negative ? `0${complement(power)}${complement(digits)}~` : `2${power}${digits}`
}

/** Returns a negative number, zero or a positive number as `a` is below, equal to or above `b`. */
export const compareDecimals = (a: Decimal, b: Decimal): number => {
  const [left, right] = [sortableDecimal(a), sortableDecimal(b)]
  if (left === right) return 0
  return left < right ? -1 : 1
}
