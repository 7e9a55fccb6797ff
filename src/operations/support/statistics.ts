/**
 * The statistics of https://hl7.org/fhir/R4/valueset-observation-statistics.html, computed over decimals in their written
 * precision.
 */

import { type Decimal, parseDecimal } from '../../fhir/values/decimal.ts'

/** Whole numbers of the same unit: 36.6 and 37 at scale 1 are 366 and 370. */
interface Scaled {
  values: readonly bigint[]
  scale: number
}

const scaled = (texts: readonly string[]): Scaled => {
  const decimals = texts.map(parseDecimal).filter((decimal): decimal is Decimal => decimal !== undefined)
  const scale = Math.max(0, ...decimals.map(({ exponent }) => -exponent))
  const values = decimals.map(({ coefficient, exponent }) => coefficient * 10n ** BigInt(exponent + scale))
  return { values: values.toSorted((a, b) => (a < b ? -1 : Number(a > b))), scale }
}

/** Returns the digits of a whole number at a scale: 366 at 1 is `36.6`. */
const digitsAtScale = (value: bigint, scale: number): string => {
  const sign = value < 0n ? '-' : ''
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0')
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** The digits that the result of a division has beyond those of the values; the last digit is rounded. */
const extraDigits = 2

const quotientText = (dividend: bigint, divisor: bigint, scale: number): string => {
  const wide = dividend * 10n ** BigInt(extraDigits)
  const half = (wide < 0n ? -divisor : divisor) / 2n
  return digitsAtScale((wide + half) / divisor, scale + extraDigits)
}

const sumOfValues = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)

/** Returns the value below which a fraction of the values lies, interpolated between the two nearest values. */
const quantile = ({ values, scale }: Scaled, numerator: bigint, denominator: bigint): string => {
  const place = BigInt(values.length - 1) * numerator
  const [index, rest] = [Number(place / denominator), place % denominator]
  const [low = 0n, high = low] = [values[index], values[index + 1] ?? values[index]]
  return quotientText(low * denominator + (high - low) * rest, denominator, scale)
}

/** The sum of the squared distances to the mean, times the count. */
const squaredDeviations = ({ values }: Scaled): bigint => {
  const count = BigInt(values.length)
  return count * sumOfValues(values.map((value) => value * value)) - sumOfValues(values) ** 2n
}

const variance = (all: Scaled): string => {
  const count = BigInt(all.values.length)
  return count < 2n ? '0' : quotientText(squaredDeviations(all), count * (count - 1n), all.scale * 2)
}

const deviation = (all: Scaled): string => Math.sqrt(Number(variance(all))).toFixed(all.scale + extraDigits)

const quartileDeviation = (all: Scaled): string => {
  const [low, high] = [quantile(all, 1n, 4n), quantile(all, 3n, 4n)]
  const { values, scale } = scaled([low, high])
  return quotientText((values[1] ?? 0n) - (values[0] ?? 0n), 2n, scale)
}

/** A statistic: its display and its computation. */
interface Statistic {
  display: string
  /** Its unit is not that of the values. */
  unit?: string
  of(all: Scaled): string
}

const quantileStatistic = (display: string, numerator: bigint, denominator: bigint): Statistic => ({
  display,
  of: (all) => quantile(all, numerator, denominator),
})

/** Every statistic that is offered, by its code; `count` and `total-count` are known without the values. */
export const statistics: Readonly<Record<string, Statistic>> = {
  average: {
    display: 'Average',
    of: ({ values, scale }) => quotientText(sumOfValues(values), BigInt(values.length), scale),
  },
  maximum: { display: 'Maximum', of: ({ values, scale }) => digitsAtScale(values.at(-1) ?? 0n, scale) },
  minimum: { display: 'Minimum', of: ({ values, scale }) => digitsAtScale(values[0] ?? 0n, scale) },
  median: quantileStatistic('Median', 1n, 2n),
  sum: { display: 'Sum', of: ({ values, scale }) => digitsAtScale(sumOfValues(values), scale) },
  variance: { display: 'Variance', of: variance },
  'std-dev': { display: 'Standard Deviation', of: deviation },
  '20-percent': quantileStatistic('20th Percentile', 1n, 5n),
  '80-percent': quantileStatistic('80th Percentile', 4n, 5n),
  '4-lower': quantileStatistic('Lower Quartile', 1n, 4n),
  '4-upper': quantileStatistic('Upper Quartile', 3n, 4n),
  '4-dev': { display: 'Quartile Deviation', of: quartileDeviation },
  '5-1': quantileStatistic('1st Quintile', 1n, 5n),
  '5-2': quantileStatistic('2nd Quintile', 2n, 5n),
  '5-3': quantileStatistic('3rd Quintile', 3n, 5n),
  '5-4': quantileStatistic('4th Quintile', 4n, 5n),
}

/** Returns the digits of a statistic over at least a single written number; undefined for an unknown statistic. */
export const statisticOf = (code: string, texts: readonly string[]): string | undefined =>
  statistics[code]?.of(scaled(texts))
