/** Dates as intervals of their precision, https://hl7.org/fhir/R4/search.html#date */

import type { TypedValue } from '../definitions.ts'
import { isObject } from '../json/object.ts'

/** Both ends belong to the interval; each is a UTC instant with three digits of a second, so text sorts as time. */
export interface Interval {
  low: string
  high: string
}

/** The low end of an interval without a start. */
export const earliest = '0000-01-01T00:00:00.000Z'
/** The high end of an interval without an end. */
export const latest = '9999-12-31T23:59:59.999Z'

const intervalPattern =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/

/** Returns the interval that a date, dateTime, instant or search value covers; undefined if the text is no valid time. */
export const dateInterval = (text: string): Interval | undefined => {
  const match = intervalPattern.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction, zone] = match
  const parts = [year, month ?? 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0].map(Number)
  if (!isTime(parts, zone)) return undefined
  const offset = zoneMinutes(zone) * 60_000
  const start = utcMilliseconds(parts) + fractionOf(fraction) - offset
  const next = utcMilliseconds(parts.map((part, i) => part + Number(i === lastPart(match)))) - offset
  return { low: instantText(start), high: instantText(fraction ? start : next - 1) }
}

const lastPart = (match: RegExpExecArray): number => {
  const written = match.slice(1, 7).filter((part) => part !== undefined)
  return written.length - 1
}

const fractionOf = (fraction = ''): number => Number(fraction.slice(0, 3).padEnd(3, '0'))

const isTime = (parts: readonly number[], zone: string | undefined): boolean => {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts
  const calendar = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
  return calendar && hour < 24 && minute < 60 && second <= 60 && Math.abs(zoneMinutes(zone)) <= 14 * 60
}

/** Returns the number of days of the month (1 to 12) in that year. */
export const daysInMonth = (year: number, month: number): number => {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

const zoneMinutes = (zone: string | undefined): number => {
  if (zone === undefined || zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return zone.startsWith('-') ? -minutes : minutes
}

const fourCenturies = 146_097 * 86_400_000

/** Date.UTC reads the years 0 to 99 as 1900 to 1999, hence the four centuries, after which the calendar repeats. */
const utcMilliseconds = (parts: readonly number[]): number => {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts
  return Date.UTC(year + 400, month - 1, day, hour, minute, second) - fourCenturies
}

const [first, last] = [Date.parse(earliest), Date.parse(latest)]

/** Returns the instant as sortable text, kept within the years 0 to 9999. */
export const instantText = (time: number): string =>
  new Date(Math.min(Math.max(time, first), last)).toISOString()

/** Returns the interval of a value of a resource: date, dateTime, instant, Period or Timing. */
export const intervalOf = ({ type, value }: TypedValue): Interval | undefined => {
  if (type === 'Period') return periodInterval(value)
  if (type === 'Timing') return timingInterval(value)
  return typeof value === 'string' ? dateInterval(value) : undefined
}

/** Returns the interval of a Period; a missing start or end is open. */
export const periodInterval = (period: unknown): Interval | undefined => {
  if (!isObject(period)) return undefined
  const { start, end } = period
  if (typeof start !== 'string' && typeof end !== 'string') return undefined
  const low = typeof start === 'string' ? dateInterval(start)?.low : earliest
  const high = typeof end === 'string' ? dateInterval(end)?.high : latest
  return low !== undefined && high !== undefined ? { low, high } : undefined
}

/** Returns the outer limits of a Timing: its events and the bounds of its repetition. */
const timingInterval = (timing: unknown): Interval | undefined => {
  if (!isObject(timing)) return undefined
  const events = Array.isArray(timing.event) ? timing.event : []
  const bounds = isObject(timing.repeat) ? periodInterval(timing.repeat.boundsPeriod) : undefined
  const times = events.map((event) => (typeof event === 'string' ? dateInterval(event) : undefined))
  return outerLimits([...times, bounds].filter((interval) => interval !== undefined))
}

const outerLimits = (intervals: readonly Interval[]): Interval | undefined => {
  const low = intervals.map((interval) => interval.low).sort()[0]
  const high = intervals
    .map((interval) => interval.high)
    .sort()
    .at(-1)
  return low !== undefined && high !== undefined ? { low, high } : undefined
}
