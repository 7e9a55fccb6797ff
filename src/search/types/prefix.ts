/** https://hl7.org/fhir/R4/search.html#prefix */

import type { Bounds } from '../plan/bounds.ts'
import type { Prefix } from '../query.ts'

const prefixPattern = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[\d+.-])/

/** Returns the comparison that a value begins with, and the rest. */
export const splitPrefix = (text: string): { prefix: Prefix; rest: string } => {
  const [prefix] = prefixPattern.exec(text) ?? []
  return prefix ? { prefix: prefix as Prefix, rest: text.slice(2) } : { prefix: 'eq', rest: text }
}

/** Two sortable texts; a value lies between them, both included. */
export interface Span {
  low: string
  high: string
}

type SpanComparison = (wanted: Span, found: Span) => boolean

const isWithinSpan: SpanComparison = (wanted, found) => found.low >= wanted.low && found.high <= wanted.high
const endsAbove: SpanComparison = (wanted, found) => found.high > wanted.high
const beginsBelow: SpanComparison = (wanted, found) => found.low < wanted.low

/** The condition that each prefix puts on an interval. */
export const spanComparisons: Readonly<Record<Prefix, SpanComparison>> = {
  eq: isWithinSpan,
  ne: (wanted, found) => !isWithinSpan(wanted, found),
  gt: endsAbove,
  lt: beginsBelow,
  ge: (wanted, found) => endsAbove(wanted, found) || isWithinSpan(wanted, found),
  le: (wanted, found) => beginsBelow(wanted, found) || isWithinSpan(wanted, found),
  sa: (wanted, found) => found.low > wanted.high,
  eb: (wanted, found) => found.high < wanted.low,
  ap: (wanted, found) => found.low <= wanted.high && found.high >= wanted.low,
}

/** The bounds of the intervals that satisfy each prefix; `ne` has no bounds. */
export const spanBounds: Readonly<Record<Prefix, (wanted: Span) => Bounds | undefined>> = {
  eq: ({ low, high }) => ({ from: low, to: high }),
  ne: () => undefined,
  gt: ({ high }) => ({ highFrom: high }),
  lt: ({ low }) => ({ to: low }),
  ge: ({ low }) => ({ highFrom: low }),
  le: ({ high }) => ({ to: high }),
  sa: ({ high }) => ({ from: high }),
  eb: ({ low }) => ({ to: low }),
  ap: ({ low, high }) => ({ to: high, highFrom: low }),
}
