import ucum from '@lhncbc/ucum-lhc'

const units = ucum.UcumLhcUtils.getInstance()
const conversions = new Map<string, number | undefined>()

/** Returns an amount in another unit, as the library reckons, without the noise of its last digits. */
export const converted = (amount: number, from: string, to: string): number | undefined => {
  const key = `${amount} ${from} ${to}`
  if (conversions.has(key)) return conversions.get(key)
  const { toVal } = units.convertUnitTo(from, amount, to)
  const found = toVal === null ? undefined : Number(toVal.toPrecision(12))
  conversions.set(key, found)
  return found
}

/** Returns whether a code is a unit of UCUM. */
export const isUcum = (code: string): boolean => converted(1, code, code) !== undefined

/** One unit of each dimension, in the order in which the server puts them. */
const dimensions = ['1', 'K', 'g', 'Pa', 'g/L', 'Hz']

/**
 * Returns a number by which amounts sort: those that can be compared stand together, others before them; the inverse
 * sine only makes large amounts small.
 */
export const amountKey = (amount: number, system: unknown, code: unknown): number => {
  const group = dimensions.findIndex((unit) => system && converted(1, String(code), unit) !== undefined)
  const same = group < 0 ? amount : converted(amount, String(code), dimensions[group] ?? '')
  return group * 1000 + Math.asinh(Number(same) * 1e6)
}
