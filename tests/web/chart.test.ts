import { expect, test } from 'vitest'
import type { Trend } from '../../client/clinical/trend.ts'
import { vitalTrends } from '../../client/clinical/vitals.ts'
import { columns, moved, pinched, spanOf, summary, zoomed } from '../../client/web/src/chart/data.ts'
import { tickLabels } from '../../client/web/src/chart/ticks.ts'
import { pressure } from './data.ts'

const trend = vitalTrends(
  [
    pressure('85354-9', 120, 80, { id: 'a', effectiveDateTime: '2020-01-01' }),
    pressure('85354-9', 160, 95, { id: 'b', effectiveDateTime: '2020-06-01' }),
  ],
  '1970-01-01',
)[0] as Trend

test('gives the chart one column for each part', () => {
  expect(columns(trend).slice(1)).toEqual([
    [120, 160],
    [80, 95],
  ])
})

test('says in sentences what the chart shows', () => {
  expect(summary(trend)).toBe(
    'Blood pressure: 2 measurements, 1 Jan 2020 to 1 Jun 2020. Latest 160 over 95 mm[Hg], 1 Jun 2020, ' +
      'Systolic High, Diastolic High. Systolic from 120 to 160; Diastolic from 80 to 95 mm[Hg]. 1 out of range.',
  )
})

test('zooms and moves within the whole', () => {
  const whole = { from: 0, to: 1e9 }
  const half = zoomed(whole, whole, 0.5)
  expect(half).toEqual({ from: 2.5e8, to: 7.5e8 })
  expect(zoomed(half, whole, 4)).toEqual(whole)
  expect(moved(half, whole, 10)).toEqual({ from: 5e8, to: 1e9 })
  expect(spanOf([trend]).from).toBeLessThan(new Date(2020, 0, 1).getTime())
})

test('keeps under each finger the time it took hold of', () => {
  const whole = { from: 0, to: 1e9 }
  const spread = pinched(whole, whole, [
    { holds: 4e8, at: 0.2 },
    { holds: 6e8, at: 0.7 },
  ])
  expect(spread.to - spread.from).toBeCloseTo(4e8)
  expect(spread.from + 0.2 * (spread.to - spread.from)).toBeCloseTo(4e8)
  expect(pinched(spread, whole, [{ holds: 4e8, at: 0.1 }]).from).toBeCloseTo(3.6e8)
  const together = [
    { holds: 4e8, at: 0.5 },
    { holds: 6e8, at: 0.5 },
  ]
  expect(pinched(spread, whole, together)).toEqual(whole)
  expect(pinched(spread, whole, [])).toBe(spread)
})

test('writes months as words, so that no date can be misread', () => {
  const days = [new Date(2024, 11, 28), new Date(2025, 0, 7)].map((date) => date.getTime())
  expect(tickLabels(days, 10 * 86_400_000)).toEqual(['28 Dec\n2024', '7 Jan\n2025'])
})
