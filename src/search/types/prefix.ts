/** https://hl7.org/fhir/R4/search.html#prefix */

import type { Bounds } from '../plan/bounds.ts'
import type { Prefix } from '../query.ts'

const pattern = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[\d+.-])/

/** Returns the comparison that a value begins with, and the rest. */
export const splitPrefix = (text: string): { prefix: Prefix; rest: string } => {
  const [prefix] = pattern.exec(text) ?? []
  return prefix ? { prefix: prefix as Prefix, rest: text.slice(2) } : { prefix: 'eq', rest: text }
}

/** Two sortable texts between which a value lies, both inclusive. */
export interface Span {
  low: string
  high: string
}

type Comparison = (wanted: Span, found: Span) => boolean

const within: Comparison = (wanted, found) => found.low >= wanted.low && found.high <= wanted.high
const above: Comparison = (wanted, found) => found.high > wanted.high
const beneath: Comparison = (wanted, found) => found.low < wanted.low

/** What each prefix asks of an interval. */
export const comparisons: Readonly<Record<Prefix, Comparison>> = {
  eq: within,
  ne: (wanted, found) => !within(wanted, found),
  gt: above,
  lt: beneath,
  ge: (wanted, found) => above(wanted, found) || within(wanted, found),
  le: (wanted, found) => beneath(wanted, found) || within(wanted, found),
  sa: (wanted, found) => found.low > wanted.high,
  eb: (wanted, found) => found.high < wanted.low,
  ap: (wanted, found) => found.low <= wanted.high && found.high >= wanted.low,
}

/** Where the intervals stand that satisfy each prefix; `ne` can stand anywhere. */
export const boundsOf: Readonly<Record<Prefix, (wanted: Span) => Bounds | undefined>> = {
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
