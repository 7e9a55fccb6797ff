/** https://hl7.org/fhir/R4/search.html#date */

import type { TypedValue } from '../../fhir/definitions.ts'
import { dateInterval, instantText, intervalOf } from '../../fhir/values/dates.ts'
import type { DateValue } from '../query.ts'
import { type Span, spanBounds, spanComparisons, splitPrefix } from './prefix.ts'
import type { Reach, SearchRules } from './rules.ts'

/** `ap` reaches a tenth of the time between now and the date to either side. */
const widened = ({ low, high }: Span, now: string): Span => {
  const [start, end, present] = [Date.parse(low), Date.parse(high), Date.parse(now)]
  const distance = Math.max(start - present, present - end, 0) / 10
  return { low: instantText(start - distance), high: instantText(end + distance) }
}

const matchesDate = (wanted: DateValue, found: TypedValue): boolean => {
  const interval = intervalOf(found)
  return interval !== undefined && spanComparisons[wanted.prefix](wanted, interval)
}

const dateReach = (wanted: DateValue): readonly Reach[] | undefined => {
  const bounds = spanBounds[wanted.prefix](wanted)
  return bounds && [{ kind: 'range', bounds, list: 'date' }]
}

export const dateRules: SearchRules<DateValue> = {
  expects: 'a date such as `2024`, `2024-05-01` or `ge2024-05-01T10:00:00Z`',
  parse: (text, { now }) => {
    const { prefix, rest } = splitPrefix(text)
    const interval = dateInterval(rest.replace(/ (?=\d\d:\d\d$)/, '+'))
    if (!interval) return undefined
    return { type: 'date', prefix, ...(prefix === 'ap' ? widened(interval, now) : interval) }
  },
  places: (found) => {
    const interval = intervalOf(found)
    return interval ? [{ kind: 'range', ...interval, list: 'date' }] : []
  },
  sortKeys: (found) => {
    const interval = intervalOf(found)
    return interval ? [interval.low] : []
  },
  modifiers: {
    '': { matches: matchesDate, reach: dateReach },
  },
  operators: {
    'filter:po': {
      parse: (text) => {
        const interval = dateInterval(text)
        return interval && { type: 'date', prefix: 'ap', ...interval }
      },
      matches: matchesDate,
      reach: dateReach,
    },
  },
  refused: [],
}
