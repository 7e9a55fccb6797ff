import type { Range } from '../../../clinical/range.ts'
import { dayText, timeText } from '../../../clinical/time.ts'
import type { Measurement, Reading, Trend } from '../../../clinical/trend.ts'
import { glance, measurementText } from '../../../clinical/trend.ts'

/** An interval of time, in milliseconds. */
export interface Span {
  from: number
  to: number
}

/** Returns the measurements that can be drawn: with a time and at least one number. */
export const drawable = (trend: Trend): Measurement[] =>
  trend.measurements.filter((each) => !Number.isNaN(each.at) && each.readings.length > 0)

const partValue = (measurement: Measurement, part: string): number | null =>
  measurement.readings.find((each) => each.part === part)?.value ?? null

/** Turns a trend into columns: times, then one column of values for each part. */
export const columns = (trend: Trend): [number[], ...(number | null)[][]] => {
  const all = drawable(trend)
  return [all.map((each) => each.at), ...trend.parts.map((part) => all.map((each) => partValue(each, part)))]
}

/** A range as the chart shows it, and from when on it applies. */
export interface BandOf {
  part: string
  range: Range
  from: number
}

const bandOf = (trend: Trend, part: string): BandOf[] => {
  const ranged = drawable(trend).flatMap((measurement) =>
    measurement.readings.flatMap((each) =>
      each.part === part && each.range ? [{ at: measurement.at, range: each.range }] : [],
    ),
  )
  const last = ranged.at(-1)
  if (!last) return []
  return [
    {
      part,
      range: last.range,
      from: ranged.find((each) => each.range.text === last.range.text)?.at ?? last.at,
    },
  ]
}

/** Returns the newest range of each part, from the first measurement it applies to. */
export const bandsOf = (trend: Trend): BandOf[] => trend.parts.flatMap((part) => bandOf(trend, part))

/** Returns the time from the first to the last measurement, with a little room on both sides. */
export const spanOf = (trends: readonly Trend[]): Span => {
  const ends = trends.flatMap((trend) => {
    const all = drawable(trend)
    return [all[0]?.at, all.at(-1)?.at].filter((at) => at !== undefined)
  })
  if (ends.length === 0) return { from: Date.now() - 1, to: Date.now() }
  const from = Math.min(...ends)
  const to = Math.max(...ends)
  const room = Math.max((to - from) * 0.02, 43_200_000)
  return { from: from - room, to: to + room }
}

const least = 3_600_000

const fitting = (length: number, whole: Span): number =>
  Math.min(Math.max(length, least), whole.to - whole.from)

/** Returns a span zoomed by a factor around a point of it, kept within the whole. */
export const zoomed = (span: Span, whole: Span, factor: number, around = (span.from + span.to) / 2): Span => {
  const length = fitting((span.to - span.from) * factor, whole)
  const share = (around - span.from) / (span.to - span.from)
  return within({ from: around - share * length, to: around + (1 - share) * length }, whole)
}

/** Returns a span moved by a share of its own length, kept within the whole. */
export const moved = (span: Span, whole: Span, share: number): Span => {
  const by = (span.to - span.from) * share
  return within({ from: span.from + by, to: span.to + by }, whole)
}

/** A finger on a chart: the time it took hold of, and where it is now as a share of the width. */
export interface Finger {
  holds: number
  at: number
}

/** Returns the span that keeps under each finger the time it holds: one finger moves it, two zoom it as well. */
export const pinched = (span: Span, whole: Span, fingers: readonly Finger[]): Span => {
  const [a, b] = fingers
  if (!a) return span
  const length = b ? Math.abs((b.holds - a.holds) / (b.at - a.at)) : span.to - span.from
  const held = b ? (a.holds + b.holds) / 2 : a.holds
  const at = b ? (a.at + b.at) / 2 : a.at
  const fits = fitting(Number.isNaN(length) ? span.to - span.from : length, whole)
  return within({ from: held - at * fits, to: held + (1 - at) * fits }, whole)
}

const within = (span: Span, whole: Span): Span => {
  const length = span.to - span.from
  if (length >= whole.to - whole.from) return whole
  const from = Math.min(Math.max(span.from, whole.from), whole.to - length)
  return { from, to: from + length }
}

/** Returns how many measurements of a trend carry a flag. */
export const flagged = (trend: Trend): number => trend.measurements.filter((each) => each.flag).length

const extremes = (trend: Trend, part: string): string => {
  const readings = drawable(trend).flatMap((each) => each.readings.filter((reading) => reading.part === part))
  const by = (compare: (a: number, b: number) => boolean): Reading | undefined =>
    readings.reduce<Reading | undefined>((a, b) => (a && !compare(b.value, a.value) ? a : b), undefined)
  const low = by((a, b) => a < b)
  const high = by((a, b) => a > b)
  return low && high ? `${part ? `${part} ` : ''}from ${glance(low)} to ${glance(high)}` : ''
}

/** Returns what a chart shows, in sentences. */
export const summary = (trend: Trend): string => {
  const all = trend.measurements
  const last = all.at(-1)
  if (!last) return `${trend.title}: no measurements.`
  const first = all[0]?.when
  const count = all.length === 1 ? '1 measurement' : `${all.length} measurements`
  const span = all.length === 1 ? dayText(last.when) : `${dayText(first)} to ${dayText(last.when)}`
  const out = flagged(trend)
  const judged = all.some((each) => each.readings.some((reading) => reading.range)) || out > 0
  return [
    `${trend.title}: ${count}, ${span}.`,
    `Latest ${spoken(last)}.`,
    `${trend.parts
      .map((part) => extremes(trend, part))
      .filter(Boolean)
      .join('; ')}${trend.unit ? ` ${trend.unit}` : ''}.`,
    judged ? `${out} out of range.` : 'No reference range.',
  ].join(' ')
}

/** Returns a measurement as it is read aloud. */
export const spoken = (measurement: Measurement): string => {
  const flags = measurement.readings.flatMap((each) =>
    each.flag ? [`${each.part} ${each.flag.word}`.trim()] : [],
  )
  const value = measurementText(measurement, (reading) => reading.digits).replaceAll(' / ', ' over ')
  return [value, timeText(measurement.when), ...flags].join(', ')
}
