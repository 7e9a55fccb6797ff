import { sideList } from '../../store/keys.ts'
import type { List } from '../../store/port.ts'
import { type SpanClass, spanLimits } from '../../store/spans.ts'

/**
 * The known bounds of the intervals that a search matches: their low ends lie between `from` and `to`
 * (inclusive), and their high ends are at least `highFrom`.
 */
export interface Bounds {
  readonly from?: string
  readonly to?: string
  readonly highFrom?: string
}

/** Returns the bounds of intervals that satisfy both. */
export const boundsOfBoth = (a: Bounds, b: Bounds): Bounds => ({
  ...pick('from', latestOf(a.from, b.from)),
  ...pick('to', earliestOf(a.to, b.to)),
  ...pick('highFrom', latestOf(a.highFrom, b.highFrom)),
})

/** Returns the bounds of intervals that satisfy at least one of two conditions. */
export const boundsOfEither = (a: Bounds, b: Bounds): Bounds => ({
  ...pick('from', a.from !== undefined && b.from !== undefined ? earliestOf(a.from, b.from) : undefined),
  ...pick('to', a.to !== undefined && b.to !== undefined ? latestOf(a.to, b.to) : undefined),
  ...pick('highFrom', lowerHigh(a, b)),
})

const lowerHigh = (a: Bounds, b: Bounds): string | undefined => {
  const [one, other] = [a.highFrom ?? a.from, b.highFrom ?? b.from]
  return one !== undefined && other !== undefined ? earliestOf(one, other) : undefined
}

const pick = (name: keyof Bounds, value: string | undefined): Bounds =>
  value === undefined ? {} : { [name]: value }

const latestOf = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a

const earliestOf = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a

/** A part of a list, or of a side list, to read: `from` inclusive, `before` exclusive. */
export interface Window {
  readonly side?: SpanClass
  readonly from?: string
  readonly before?: string
  readonly highFrom?: string
}

/** Returns the exclusive end that still lets an order itself in; orders hold no control characters. */
export const justAfter = (order: string): string => `${order}\u0002`

/** The reach of low ends before a bound: in the list itself, and in each side list. */
export interface Scale {
  before(bound: string): string
  sides: readonly { side: SpanClass; before(bound: string): string | undefined }[]
}

const dayInMilliseconds = 86_400_000

const daysBefore = (bound: string, milliseconds: number): string =>
  new Date(Math.max(Date.parse(bound) - milliseconds, Date.parse('0000-01-01T00:00:00.000Z'))).toISOString()

/** Intervals up to a day stand in the list alone; longer ones also in the side list of their class. */
export const timeScale: Scale = {
  before: (bound) => daysBefore(bound, dayInMilliseconds),
  sides: spanLimits.map(([side, limit]) => ({
    side,
    before: (bound) => (Number.isFinite(limit) ? daysBefore(bound, limit) : undefined),
  })),
}

/** Single numbers are listed in the list alone, ranges of numbers also in a side list. */
export const numberScale: Scale = {
  before: (bound) => bound,
  sides: [{ side: 'open', before: () => undefined }],
}

/** Returns the window in the list itself; undefined for an empty window. */
export const mainWindow = (bounds: Bounds, scale: Scale): Window | undefined => {
  const from = bounds.from ?? (bounds.highFrom === undefined ? undefined : scale.before(bounds.highFrom))
  return windowOf(from, bounds.to === undefined ? undefined : justAfter(bounds.to), bounds)
}

/** Returns the windows in the side lists; they end at the beginning of the window in the list itself. */
export const sideWindows = (bounds: Bounds, scale: Scale): readonly Window[] => {
  const { from, to, highFrom } = bounds
  if (from !== undefined || highFrom === undefined) return []
  const end = earliestOf(scale.before(highFrom), to === undefined ? undefined : justAfter(to))
  return scale.sides
    .map(({ side, before }) => windowOf(before(highFrom), end, bounds, side))
    .filter((window) => window !== undefined)
}

const windowOf = (
  from: string | undefined,
  before: string | undefined,
  { highFrom }: Bounds,
  side?: SpanClass,
): Window | undefined => {
  if (from !== undefined && before !== undefined && from >= before) return undefined
  return {
    ...(side !== undefined && { side }),
    ...(from !== undefined && { from }),
    ...(before !== undefined && { before }),
    ...(highFrom !== undefined && { highFrom }),
  }
}

/** A part of a list, of all its shards, between two orders: `from` inclusive, `before` exclusive. */
export interface ListStretch {
  readonly list: List
  /** The common beginning of the wanted orders, `Observation|` in a patient's compartment list. */
  readonly prefix: string
  readonly from?: string
  readonly before?: string
  /** Entries whose interval ends before this are passed over. */
  readonly highFrom?: string
}

/** Returns the stretches within bounds, of a list and of its side lists. */
export const windowsOf = (
  list: List,
  prefix: string,
  bounds: Bounds,
  scale: Scale,
): { main: ListStretch[]; sides: ListStretch[] } => {
  const main = mainWindow(bounds, scale)
  return {
    main: main ? [{ list, prefix, ...main }] : [],
    sides: sideWindows(bounds, scale).map(({ side, ...window }) => ({
      list: side ? sideList(list, side) : list,
      prefix,
      ...window,
    })),
  }
}
