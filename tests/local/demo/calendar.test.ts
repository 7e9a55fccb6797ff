import { expect, test } from 'vitest'
import { atClock, dateIn, dateTimeText } from '../../../src/local/demo/calendar.ts'

const eastern = { winter: -5, summerTime: true }
const arizona = { winter: -7, summerTime: false }

test.each([
  ['2025-01-15T12:00:00Z', eastern, '2025-01-15T07:00:00-05:00'],
  ['2025-07-15T12:00:00Z', eastern, '2025-07-15T08:00:00-04:00'],
  ['2025-03-09T06:59:59Z', eastern, '2025-03-09T01:59:59-05:00'],
  ['2025-03-09T07:00:00Z', eastern, '2025-03-09T03:00:00-04:00'],
  ['2025-11-02T05:59:59Z', eastern, '2025-11-02T01:59:59-04:00'],
  ['2025-11-02T06:00:00Z', eastern, '2025-11-02T01:00:00-05:00'],
  ['2025-07-15T12:00:00Z', arizona, '2025-07-15T05:00:00-07:00'],
])('%s reads on the wall as it should', (instant, zone, text) => {
  expect(dateTimeText(Date.parse(instant), zone)).toBe(text)
})

test('a date is the local one', () => {
  expect(dateIn(Date.parse('2025-01-15T02:00:00Z'), eastern)).toBe('2025-01-14')
})

test.each([
  ['2025-07-15T18:00:00Z', '2025-07-15T09:30:00-04:00'],
  ['2025-01-15T18:00:00Z', '2025-01-15T09:30:00-05:00'],
])('half past nine on the day of %s is half past nine on the clock', (instant, text) => {
  expect(dateTimeText(atClock(Date.parse(instant), 570, eastern), eastern)).toBe(text)
})
