import { expect, test } from 'vitest'
import { glance, measurementText, type Trend } from '../../client/clinical/trend.ts'
import { vitalTrends } from '../../client/clinical/vitals.ts'
import { parseExact } from '../../client/exact.ts'
import { observed, pressure } from './data.ts'

const born = '1970-01-01'
const only = (trends: readonly Trend[]): Trend => {
  expect(trends).toHaveLength(1)
  return trends[0] as Trend
}

test('makes one pair of both codes of the blood pressure panel, systolic first', () => {
  const trend = only(
    vitalTrends(
      [pressure('85354-9', 120, 80), pressure('55284-4', 142, 91, { effectiveDateTime: '2020-04-01' })],
      born,
    ),
  )
  expect(trend.title).toBe('Blood pressure')
  expect(trend.parts).toEqual(['Systolic', 'Diastolic'])
  expect(trend.measurements.map((each) => measurementText(each))).toEqual([
    '120 / 80 mm[Hg]',
    '142 / 91 mm[Hg]',
  ])
})

test('pairs systolic and diastolic observations of the same time', () => {
  const lone = [observed('8480-6', 150, 'mm[Hg]'), observed('8462-4', 95, 'mm[Hg]')]
  const trend = only(vitalTrends(lone, born))
  expect(trend.measurements[0]?.readings.map((each) => each.value)).toEqual([150, 95])
})

test('keeps different units apart and converts nothing', () => {
  const trends = vitalTrends([observed('29463-7', 80, 'kg'), observed('29463-7', 176, '[lb_av]')], born)
  expect(trends.map((trend) => trend.unit)).toEqual(['kg', '[lb_av]'])
})

test('takes both codes of oxygen saturation as one', () => {
  const two = [observed('2708-6', 97, '%'), observed('59408-5', 91, '%')]
  expect(only(vitalTrends(two, born)).measurements).toHaveLength(2)
})

test('flags what is outside of the usual adult range, and says so', () => {
  const flag = (code: string, value: number, unit: string) =>
    only(vitalTrends([observed(code, value, unit)], born)).measurements[0]?.flag
  expect(flag('8867-4', 101, '/min')).toMatchObject({ level: 'high', word: 'High' })
  expect(flag('8867-4', 59, '/min')?.level).toBe('low')
  expect(flag('8867-4', 60, '/min')).toBeUndefined()
  expect(flag('39156-5', 24.95, 'kg/m2')).toBeUndefined()
  expect(flag('39156-5', 25, 'kg/m2')?.because).toContain('usual adult range (WHO)')
  expect(flag('8310-5', 98.6, '[degF]')).toBeUndefined()
  expect(flag('8310-5', 38.5, 'Cel')?.level).toBe('high')
})

test('knows no adult range for a child or for somebody of unknown age', () => {
  const fast = observed('8867-4', 140, '/min')
  expect(only(vitalTrends([fast], '2018-01-01')).measurements[0]?.flag).toBeUndefined()
  expect(only(vitalTrends([fast], undefined)).measurements[0]?.flag).toBeUndefined()
})

test('prefers the range that came with the data', () => {
  const ranged = observed('8867-4', 58, '/min', {
    referenceRange: [{ low: { value: 50 }, high: { value: 90 } }],
  })
  const reading = only(vitalTrends([ranged], born)).measurements[0]?.readings[0]
  expect(reading?.flag).toBeUndefined()
  expect(reading?.range).toMatchObject({ text: '50–90', source: 'range given with the result' })
})

test('believes the interpretation that came with the data before any range', () => {
  const said = (code: string, value: number) =>
    only(vitalTrends([observed('8867-4', value, '/min', { interpretation: [{ coding: [{ code }] }] })], born))
      .measurements[0]?.flag
  expect(said('N', 130)).toBeUndefined()
  expect(said('HH', 70)).toMatchObject({ level: 'high', critical: true, word: 'Critical high' })
})

test('leaves out what was entered in error', () => {
  expect(vitalTrends([observed('8867-4', 70, '/min', { status: 'entered-in-error' })], born)).toEqual([])
})

test('orders measurements by time and trends as they are read', () => {
  const at = (effectiveDateTime: string) => ({ effectiveDateTime })
  const trends = vitalTrends(
    [
      observed('72514-3', 3, '{score}'),
      observed('39156-5', 22, 'kg/m2'),
      observed('8867-4', 70, '/min', at('2021-01-01')),
      observed('8867-4', 60, '/min', at('2020-01-01T10:00:00+02:00')),
      pressure('85354-9', 120, 80),
    ],
    born,
  )
  expect(trends.map((trend) => trend.title)).toEqual(['Blood pressure', 'Heart rate', 'BMI', 'Code 72514-3'])
  expect(trends[1]?.measurements.map((each) => each.readings[0]?.value)).toEqual([60, 70])
})

test('shows few digits at a glance and keeps all of them', () => {
  const value = (parseExact('{"value":181.32551994693313}') as { value: unknown }).value
  const reading = only(vitalTrends([observed('29463-7', value, 'kg')], born)).measurements[0]?.readings[0]
  expect(reading?.digits).toBe('181.32551994693313')
  expect(reading && glance(reading)).toBe('181.3')
  const exact = (parseExact('{"value":36.60}') as { value: unknown }).value
  const warm = only(vitalTrends([observed('8310-5', exact, 'Cel')], born)).measurements[0]?.readings[0]
  expect(warm && glance(warm)).toBe('36.60')
})
