/** FHIR dates for readers: in the reader's time zone, the offset visible, partial dates never filled in. */

const partial = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/

/** Returns the reader's time zone, as an IANA name. */
export const readerZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

const exact = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/

/** Words with a number in them are a date to `Date.parse`, and to nobody else. */
const parsed = (value: string): number => (exact.test(value) ? Date.parse(value) : Number.NaN)

const time = String.raw`(\d{4}[\dT:.Z+-]*|\.\.)`
const interval = new RegExp(`^${time}/${time}$`)

/** Returns the ends of a period, as `periodTime` writes it, an open end as undefined; undefined where it is none. */
export const endsOf = (value: string | undefined): [string | undefined, string | undefined] | undefined => {
  const [, from, to] = interval.exec(value ?? '') ?? []
  return from && to ? [from === '..' ? undefined : from, to === '..' ? undefined : to] : undefined
}

/** Returns the instant a date, dateTime or period begins at, in milliseconds: its end where that is all there is; NaN for words. */
export const instant = (value: string | undefined): number => {
  const ends = endsOf(value)
  if (ends) return instant(ends[0] ?? ends[1])
  const match = partial.exec(value ?? '')
  if (!match) return parsed(value ?? '')
  return new Date(Number(match[1]), Number(match[2] ?? 1) - 1, Number(match[3] ?? 1)).getTime()
}

const formats = new Map<string, Intl.DateTimeFormat>()

const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = JSON.stringify(options)
  const known = formats.get(key) ?? new Intl.DateTimeFormat('en-GB', options)
  formats.set(key, known)
  return known
}

const day = { day: 'numeric', month: 'short', year: 'numeric' } as const
const clock = { hour: '2-digit', minute: '2-digit', hour12: false } as const

/** Returns the offset from UTC in a zone at an instant: `UTC+02:00`. */
export const offsetText = (at: number, zone = readerZone()): string => {
  const parts = format({ timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(at)
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
  return name.replace('GMT', 'UTC').replace('+00:00', '')
}

const partialText = (match: RegExpExecArray): string => {
  if (match[3]) return format({ ...day, timeZone: 'UTC' }).format(Date.parse(match[0]))
  if (match[2])
    return format({ month: 'short', year: 'numeric', timeZone: 'UTC' }).format(Date.parse(match[0]))
  return match[1] ?? ''
}

/** Returns both ends of a period in words. */
export const periodText = (
  [start, end]: readonly (string | undefined)[],
  text: (value?: string) => string,
): string => {
  if (start === undefined) return end === undefined ? '' : `until ${text(end)}`
  if (end === undefined) return `from ${text(start)}`
  return text(start) === text(end) ? text(start) : `${text(start)} – ${text(end)}`
}

/** Returns the day of a date or dateTime: `31 May 2019`, or as much of it as was recorded; both of a period; words as they are. */
export const dayText = (value: string | undefined, zone = readerZone()): string => {
  if (!value) return ''
  const ends = endsOf(value)
  if (ends) return periodText(ends, (each) => dayText(each, zone))
  const match = partial.exec(value)
  if (match) return partialText(match)
  const at = parsed(value)
  return Number.isNaN(at) ? value : format({ ...day, timeZone: zone }).format(at)
}

/** Returns a dateTime with its time and offset: `31 May 2019, 16:05 UTC+02:00`; dates stay dates. */
export const timeText = (value: string | undefined, zone = readerZone()): string => {
  if (!value) return ''
  const ends = endsOf(value)
  if (ends) return periodText(ends, (each) => timeText(each, zone))
  const at = parsed(value)
  if (Number.isNaN(at)) return dayText(value, zone)
  return `${dayText(value, zone)}, ${clockText(at, zone)} ${offsetText(at, zone)}`
}

/** Returns the time of day in a zone: `16:05`. */
export const clockText = (at: number, zone = readerZone()): string =>
  format({ ...clock, timeZone: zone }).format(at)

const years = (from: Date, to: Date): number => {
  const before =
    to.getMonth() < from.getMonth() || (to.getMonth() === from.getMonth() && to.getDate() < from.getDate())
  return to.getFullYear() - from.getFullYear() - (before ? 1 : 0)
}

/** Returns whole years between a birth date and an instant; NaN when the birth date is not known. */
export const yearsAt = (birthDate: string | undefined, at: number): number => {
  const born = instant(birthDate)
  return Number.isNaN(born) ? Number.NaN : years(new Date(born), new Date(at))
}

/** Returns an age as it is said at a bedside: days, then weeks, then months, then years. */
export const ageText = (birthDate: string | undefined, at: number): string => {
  const born = instant(birthDate)
  if (Number.isNaN(born)) return 'Age not known'
  const days = Math.floor((at - born) / 86_400_000)
  if (days < 0) return 'Not yet born'
  if (days < 28) return `${days} d`
  if (days < 90) return `${Math.floor(days / 7)} wk`
  const whole = yearsAt(birthDate, at)
  return whole < 2 ? `${Math.floor(days / 30.4375)} mo` : `${whole} y`
}

/** Returns how long ago an instant was, in the largest unit that fits: `3 y ago`. */
export const agoText = (at: number, now: number): string => {
  const steps: [number, string][] = [
    [31_557_600_000, 'y'],
    [2_629_800_000, 'mo'],
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ]
  if (Number.isNaN(at)) return 'at an unknown time'
  if (at > now + 60_000) return 'in the future'
  const step = steps.find(([length]) => now - at >= length)
  return step ? `${Math.floor((now - at) / step[0])} ${step[1]} ago` : 'just now'
}
