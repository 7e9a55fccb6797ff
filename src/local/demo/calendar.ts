/** Instants are milliseconds since 1970 in UTC; only text in a resource has a time zone. */

export const minute = 60_000
export const hour = 60 * minute
export const oneDay = 24 * hour
export const year = 365.25 * oneDay

/** A time zone of the United States: hours from UTC in winter, and whether clocks go forward in summer. */
export interface Zone {
  winter: number
  summerTime: boolean
}

/** Returns the start and end of summer time in a year, as instants on the zone's winter clock. */
const summer = (y: number): readonly [number, number] => {
  const daysToSunday = (month: number) => (7 - new Date(Date.UTC(y, month, 1)).getUTCDay()) % 7
  return [Date.UTC(y, 2, 8 + daysToSunday(2), 2), Date.UTC(y, 10, 1 + daysToSunday(10), 1)]
}

const summers = new Map<number, readonly [number, number]>()

const summerOf = (y: number): readonly [number, number] => {
  const known = summers.get(y) ?? summer(y)
  summers.set(y, known)
  return known
}

/** Returns the zone's distance from UTC in hours at an instant, by the rule of the United States since 2007. */
export const offset = (at: number, { winter, summerTime }: Zone): number => {
  if (!summerTime) return winter
  const local = at + winter * hour
  const [from, to] = summerOf(new Date(local).getUTCFullYear())
  return local >= from && local < to ? winter + 1 : winter
}

const two = (number: number): string => String(number).padStart(2, '0')

/** Returns a FHIR date of an instant in a zone. */
export const dateIn = (at: number, zone: Zone): string =>
  new Date(at + offset(at, zone) * hour).toISOString().slice(0, 10)

/** Returns a FHIR dateTime to the second, with the zone's offset. */
export const dateTimeText = (at: number, zone: Zone): string => {
  const hours = offset(at, zone)
  const local = new Date(at + hours * hour).toISOString().slice(0, 19)
  return `${local}${hours < 0 ? '-' : '+'}${two(Math.abs(hours))}:00`
}

/** Returns the instant at which the zone's clock shows this minute of the day of `at`. */
export const atClock = (at: number, minutes: number, zone: Zone): number => {
  const midnight = Math.floor((at + zone.winter * hour) / oneDay) * oneDay
  const local = midnight + minutes * minute
  return local - offset(local - zone.winter * hour, zone) * hour
}

/** Returns the same instant, or the Monday after a weekend in the zone. */
export const workday = (at: number, zone: Zone): number => {
  const weekday = new Date(at + offset(at, zone) * hour).getUTCDay()
  return at + (weekday === 6 ? 2 : weekday === 0 ? 1 : 0) * oneDay
}

/** Returns the age in years at an instant. */
export const ageAt = (born: number, at: number): number => (at - born) / year

/** Returns the month, 1 to 12, of an instant. */
export const monthOf = (at: number): number => new Date(at).getUTCMonth() + 1
