import { expect, test } from 'vitest'
import {
  ageText,
  agoText,
  dayText,
  instant,
  offsetText,
  timeText,
  yearsAt,
} from '../../client/clinical/time.ts'

const berlin = 'Europe/Berlin'

test('shows a time in the zone asked for, its offset visible', () => {
  expect(timeText('2019-05-31T14:05:00+00:00', berlin)).toBe('31 May 2019, 16:05 UTC+02:00')
  expect(timeText('2019-01-31T23:30:00-05:00', berlin)).toBe('1 Feb 2019, 05:30 UTC+01:00')
  expect(timeText('2019-05-31T14:05:00Z', 'UTC')).toBe('31 May 2019, 14:05 UTC')
})

test('shows partial dates as far as they are known, and never shifts them', () => {
  expect(timeText('2019-05-31', 'America/Los_Angeles')).toBe('31 May 2019')
  expect(dayText('2019-05', 'America/Los_Angeles')).toBe('May 2019')
  expect(dayText('2019')).toBe('2019')
  expect(dayText(undefined)).toBe('')
  expect(dayText('last spring')).toBe('last spring')
})

test('takes the offset of the instant, not of today', () => {
  expect(offsetText(Date.parse('2020-01-01T00:00:00Z'), berlin)).toBe('UTC+01:00')
  expect(offsetText(Date.parse('2020-07-01T00:00:00Z'), berlin)).toBe('UTC+02:00')
})

test('says ages in days, weeks, months, then years', () => {
  const at = (text: string): number => instant(text)
  expect(ageText('2020-01-01', at('2020-01-11'))).toBe('10 d')
  expect(ageText('2020-01-01', at('2020-02-20'))).toBe('7 wk')
  expect(ageText('2020-01-01', at('2021-01-05'))).toBe('12 mo')
  expect(ageText('1957-03-02', at('2020-03-01'))).toBe('62 y')
  expect(ageText('1957-03-02', at('2020-03-02'))).toBe('63 y')
  expect(ageText(undefined, at('2020-03-02'))).toBe('Age not known')
  expect(yearsAt(undefined, 0)).toBeNaN()
})

test('says how long ago something was', () => {
  expect(agoText(0, 3 * 86_400_000)).toBe('3 d ago')
  expect(agoText(0, 30_000)).toBe('just now')
})

test('does not call the future now', () => {
  expect(agoText(Date.UTC(2031, 0), Date.UTC(2026, 0))).toBe('in the future')
  expect(agoText(Number.NaN, Date.UTC(2026, 0))).toBe('at an unknown time')
})
