/** https://hl7.org/fhir/R4/valueset-observation-statistics.html — over decimals as they are written. */

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
const written = (value: bigint, scale: number): string => {
  const sign = value < 0n ? '-' : ''
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0')
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** Divisions get two digits more than the values have, the last one rounded. */
const more = 2

const divided = (dividend: bigint, divisor: bigint, scale: number): string => {
  const wide = dividend * 10n ** BigInt(more)
  const half = (wide < 0n ? -divisor : divisor) / 2n
  return written((wide + half) / divisor, scale + more)
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)

/** Returns the value below which the fraction lies, between two of them in proportion. */
const quantile = ({ values, scale }: Scaled, numerator: bigint, denominator: bigint): string => {
  const place = BigInt(values.length - 1) * numerator
  const [index, rest] = [Number(place / denominator), place % denominator]
  const [low = 0n, high = low] = [values[index], values[index + 1] ?? values[index]]
  return divided(low * denominator + (high - low) * rest, denominator, scale)
}

/** The sum of the squared distances to the mean, times the count. */
const squaredDeviations = ({ values }: Scaled): bigint => {
  const count = BigInt(values.length)
  return count * sum(values.map((value) => value * value)) - sum(values) ** 2n
}

const variance = (all: Scaled): string => {
  const count = BigInt(all.values.length)
  return count < 2n ? '0' : divided(squaredDeviations(all), count * (count - 1n), all.scale * 2)
}

const deviation = (all: Scaled): string => Math.sqrt(Number(variance(all))).toFixed(all.scale + more)

const quartileDeviation = (all: Scaled): string => {
  const [low, high] = [quantile(all, 1n, 4n), quantile(all, 3n, 4n)]
  const { values, scale } = scaled([low, high])
  return divided((values[1] ?? 0n) - (values[0] ?? 0n), 2n, scale)
}

/** One statistic: how it is called, and the digits that it comes to. */
interface Statistic {
  display: string
  /** Its unit is not that of the values. */
  unit?: string
  of(all: Scaled): string
}

const share = (display: string, numerator: bigint, denominator: bigint): Statistic => ({
  display,
  of: (all) => quantile(all, numerator, denominator),
})

/** Every statistic that is offered, by its code; `count` and `total-count` are known without the values. */
export const statistics: Readonly<Record<string, Statistic>> = {
  average: {
    display: 'Average',
    of: ({ values, scale }) => divided(sum(values), BigInt(values.length), scale),
  },
  maximum: { display: 'Maximum', of: ({ values, scale }) => written(values.at(-1) ?? 0n, scale) },
  minimum: { display: 'Minimum', of: ({ values, scale }) => written(values[0] ?? 0n, scale) },
  median: share('Median', 1n, 2n),
  sum: { display: 'Sum', of: ({ values, scale }) => written(sum(values), scale) },
  variance: { display: 'Variance', of: variance },
  'std-dev': { display: 'Standard Deviation', of: deviation },
  '20-percent': share('20th Percentile', 1n, 5n),
  '80-percent': share('80th Percentile', 4n, 5n),
  '4-lower': share('Lower Quartile', 1n, 4n),
  '4-upper': share('Upper Quartile', 3n, 4n),
  '4-dev': { display: 'Quartile Deviation', of: quartileDeviation },
  '5-1': share('1st Quintile', 1n, 5n),
  '5-2': share('2nd Quintile', 2n, 5n),
  '5-3': share('3rd Quintile', 3n, 5n),
  '5-4': share('4th Quintile', 4n, 5n),
}

/** Returns the digits of a statistic over numbers as they are written; there must be one at least. */
export const statisticOf = (code: string, texts: readonly string[]): string | undefined =>
  statistics[code]?.of(scaled(texts))
