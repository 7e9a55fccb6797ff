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
  return group * 1000 + Math.min(Math.max(Math.asinh(Number(same) * 1e6), -400), 400)
}

/** A place as a point on a sphere. */
const point = (latitude: number, longitude: number): number[] => {
  const [up, across] = [(latitude / 180) * Math.PI, (longitude / 180) * Math.PI]
  return [Math.cos(up) * Math.cos(across), Math.cos(up) * Math.sin(across), Math.sin(up)]
}

/** Returns whether a position is as near as a text asks for, along the sphere of the earth's mean radius. */
export const matchesNear = (text: string, { latitude, longitude }: Record<string, number>): boolean => {
  const [north, east, reach = '25', unit = 'km'] = text.split('|')
  const [a, b] = [point(Number(north), Number(east)), point(latitude ?? 0, longitude ?? 0)]
  const chord = Math.hypot(...a.map((part, i) => part - (b[i] ?? 0)))
  const metres = 2 * Math.asin(Math.min(chord / 2, 1)) * 6_371_008.8
  return metres <= (converted(Number(reach), unit, 'm') ?? 0)
}
