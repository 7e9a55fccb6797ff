import type { Observation } from 'fhir/r4.js'
import { expect, test } from 'vitest'
import { rangeFlag, reportedFlag, reportedRange } from '../../client/clinical/range.ts'
import { dayText, instant } from '../../client/clinical/time.ts'
import {
  effective,
  glance,
  measurement,
  measurementText,
  reading,
  valueText,
} from '../../client/clinical/trend.ts'
import { parseExact } from '../../client/exact.ts'
import { observed } from './data.ts'

const { effectiveDateTime: _at, ...timeless } = observed('1', 5, 'g')

test.each<[Partial<Observation>, string, string]>([
  [{ effectiveDateTime: '2020-05' }, '2020-05', 'May 2020'],
  [{ effectiveInstant: '2020-05-31T10:00:00Z' }, '2020-05-31T10:00:00Z', '31 May 2020'],
  [{ effectivePeriod: { end: '2020-05-31' } }, '../2020-05-31', 'until 31 May 2020'],
  [{ effectivePeriod: { start: '2020-05-31' } }, '2020-05-31/..', 'from 31 May 2020'],
  [{ effectivePeriod: { start: '2020-05', end: '2020-06' } }, '2020-05/2020-06', 'May 2020 – Jun 2020'],
  [
    { effectiveTiming: { event: ['2020-06-01', '2020-05-31'] } },
    '2020-05-31/2020-06-01',
    '31 May 2020 – 1 Jun 2020',
  ],
  [{ effectiveTiming: { event: ['2020-05-31'] } }, '2020-05-31', '31 May 2020'],
  [
    { effectiveTiming: { repeat: { boundsPeriod: { end: '2020-05-31' } } } },
    '../2020-05-31',
    'until 31 May 2020',
  ],
  [{ effectiveTiming: { code: { text: 'each spring' } } }, 'each spring', 'each spring'],
  [{}, '', ''],
])('takes every form of effective[x] for a time: %j', (more, when, text) => {
  expect(effective({ ...timeless, ...more })).toBe(when)
  expect(dayText(when, 'UTC')).toBe(text)
  expect(Number.isNaN(instant(when))).toBe(!/\d/.test(when))
})

test('says that a time is the one of issue', () => {
  const found = measurement({ ...timeless, issued: '2020-05-31T10:00:00Z' }, [])
  expect(found).toMatchObject({ when: '2020-05-31T10:00:00Z', status: 'final, at the time of issue' })
})

test('takes words with a year in them for words', () => {
  expect(dayText('childhood, about 1975')).toBe('childhood, about 1975')
  expect(instant('childhood, about 1975')).toBeNaN()
})

const read = (digits: string) => {
  const from = observed('1', 0, 'g', parseExact(`{"valueQuantity":{"value":${digits},"unit":"g"}}`) as object)
  const found = reading(from, '', 0, () => undefined)
  return found && { short: glance(found), whole: measurementText(measurement(from, [found])) }
}

test.each([
  ['123456789012345678', '123456789012345678'],
  ['-123456789012345678', '-123456789012345678'],
  ['123456789012345678.9', '123456789012345679'],
  ['36.60', '36.60'],
  ['36.6049', '36.6'],
  ['36.606', '36.61'],
  ['1234.5', '1235'],
  ['150.25', '150.3'],
  ['99.999', '100'],
  ['0.000123456', '0.0001235'],
  ['1.23456e10', '1.23456e10'],
  ['1e2', '1e2'],
])('shows of %s no digit that nobody sent', (sent, shown) => {
  expect(read(sent)).toEqual({ short: shown, whole: `${shown} g` })
})

test('shows ratios and ranges whole, with nothing added', () => {
  const { valueQuantity: _none, ...bare } = timeless
  expect(valueText({ ...bare, valueRatio: { numerator: { value: 1 }, denominator: { value: 128 } } })).toBe(
    '1 : 128',
  )
  const titre = { numerator: { value: 1 }, denominator: { value: 8, comparator: '<' as const, unit: 'x' } }
  expect(valueText({ ...bare, valueRatio: titre })).toBe('1 : <8 x')
  expect(valueText({ ...bare, valueRatio: { numerator: { value: 5, unit: 'mg' } } })).toBe('5 mg : …')
  expect(valueText({ ...bare, valueRange: { low: { unit: 'g' }, high: { value: 5 } } })).toBe('… – 5 g')
})

test('takes an interpretation or a meaning of another system for none', () => {
  const flag = (system: string | undefined) =>
    reportedFlag([{ coding: [{ ...(system && { system }), code: 'HH' }] }])
  expect(flag('http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation')?.critical).toBe(true)
  expect([flag('urn:local'), flag(undefined)]).toEqual([undefined, undefined])
  const ranged = (system: string) =>
    reportedRange({
      ...timeless,
      referenceRange: [{ type: { coding: [{ system, code: 'normal' }] }, high: { value: 4, unit: 'g' } }],
    })
  expect(rangeFlag(5, ranged('http://terminology.hl7.org/CodeSystem/referencerange-meaning'))?.word).toBe(
    'High',
  )
  expect(ranged('urn:local')).toBeUndefined()
  const therapeutic = { ...timeless, referenceRange: [{ type: { text: 'therapeutic' }, high: { value: 4 } }] }
  expect(reportedRange(therapeutic)).toBeUndefined()
})
