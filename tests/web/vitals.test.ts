import { expect, test } from 'vitest'
import { glance, measurementText, type Trend } from '../../client/clinical/trend.ts'
import { vitalTrends, wordTrends } from '../../client/clinical/vitals.ts'
import { parseExact } from '../../client/exact.ts'
import { observed, pressure } from './data.ts'

const born = '1970-01-01'
const only = (trends: readonly Trend[]): Trend => {
  expect(trends).toHaveLength(1)
  return trends[0] as Trend
}

const interpretation = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation'

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
    only(
      vitalTrends(
        [
          observed('8867-4', value, '/min', {
            interpretation: [{ coding: [{ system: interpretation, code }] }],
          }),
        ],
        born,
      ),
    ).measurements[0]?.flag
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

const lone = (code: string, value: number, unit: string, effectiveDateTime: string, id = code) =>
  observed(code, value, unit, { effectiveDateTime, id })

test('shows a lone diastolic pressure, and pairs only what cannot be mistaken', () => {
  const [trend] = vitalTrends(
    [
      lone('8462-4', 133, 'mm[Hg]', '2020-01-01T10:00:00Z'),
      lone('8480-6', 120, 'mm[Hg]', '2020-01-02T10:00:00Z', 'a'),
      lone('8480-6', 190, 'mm[Hg]', '2020-01-02T10:00:00Z', 'b'),
      lone('8462-4', 80, 'mm[Hg]', '2020-01-02T10:00:00Z', 'c'),
    ],
    born,
  )
  expect(trend?.measurements.map((each) => measurementText(each))).toEqual([
    '– / 133 mm[Hg]',
    '120 / – mm[Hg]',
    '190 / – mm[Hg]',
    '– / 80 mm[Hg]',
  ])
})

test('never shows a part of a pressure in the unit of the other', () => {
  const panel = pressure('85354-9', 120, 80)
  const [diastolic, ...rest] = panel.component ?? []
  const mixed = {
    ...panel,
    component: [{ ...diastolic, valueQuantity: { value: 10.6, unit: 'kPa' } }, ...rest],
  }
  expect(
    vitalTrends([mixed as typeof panel], born).map(({ measurements }) =>
      measurementText(measurements[0] as never),
    ),
  ).toEqual(['120 / – mm[Hg]', '– / 10.6 kPa'])
})

test('shows components that are no part of a pair as measurements of their own', () => {
  const part = (text: string, value: number) => ({ code: { text }, valueQuantity: { value, unit: 'mm' } })
  const { valueQuantity: _none, ...pupils } = observed('x', 0, '', { code: { text: 'Pupils' } })
  const mean = {
    code: { coding: [{ code: '8478-0' }], text: 'Mean' },
    valueQuantity: { value: 93, unit: 'mm[Hg]' },
  }
  const panel = pressure('85354-9', 120, 80)
  const trends = vitalTrends(
    [
      { ...pupils, component: [part('left', 3), part('right', 8)] },
      { ...panel, component: [...(panel.component ?? []), mean] },
    ],
    born,
  )
  expect(trends.map(({ title }) => title)).toEqual([
    'Blood pressure',
    'Code 85354-9: Mean',
    'Pupils: left',
    'Pupils: right',
  ])
})

test('tells what has no number in words', () => {
  const { valueQuantity: _none, ...refused } = observed('9279-1', 0, '', {
    dataAbsentReason: { text: 'Refused' },
  })
  expect(vitalTrends([refused], born)).toEqual([])
  expect(wordTrends([refused, observed('8867-4', 70, '/min')])).toMatchObject([
    { title: 'Respiration', measurements: [{ text: 'Not available: Refused' }] },
  ])
})

test('judges by no range that may be another’s, or is in another unit, and by no code it does not know', () => {
  const flag = (more: object) =>
    only(vitalTrends([observed('x', 12.5, 'g/dL', more)], born)).measurements[0]?.flag?.word
  const range = (low: number, high: number, unit: string, text?: string) => ({
    low: { value: low, unit },
    high: { value: high, unit },
    ...(text && { appliesTo: [{ text }] }),
  })
  expect(flag({ referenceRange: [range(13.5, 17.5, 'g/dL')] })).toBe('Low')
  expect(
    flag({ referenceRange: [range(13.5, 17.5, 'g/dL', 'male'), range(12, 15.5, 'g/dL', 'female')] }),
  ).toBeUndefined()
  expect(flag({ referenceRange: [range(135, 175, 'g/L')] })).toBeUndefined()
  expect(
    flag({ interpretation: [{ coding: [{ system: interpretation, code: 'constructor' }] }] }),
  ).toBeUndefined()
  const below = { value: 5, comparator: '<', unit: 'mg/L' }
  expect(flag({ valueQuantity: below, referenceRange: [{ high: { value: 3 } }] })).toBeUndefined()
})

test('says of a measurement that something modifies what it means', () => {
  const modified = observed('8867-4', 70, '/min', { modifierExtension: [{ url: 'urn:not' }] })
  expect(only(vitalTrends([modified], born)).measurements[0]?.status).toBe('final, with a modifier')
})

test('takes LOINC’s codes alone for vital signs, and words for no known kind', () => {
  const elsewhere = (system?: string) => ({
    code: { text: 'Stool', coding: [{ ...(system && { system }), code: '8867-4' }] },
  })
  const trends = vitalTrends(
    [
      observed('8867-4', 72, '/min'),
      observed('8867-4', 1, '/min', elsewhere('urn:local')),
      observed('8867-4', 2, '/min', elsewhere()),
      observed('29463-7', 80, 'kg'),
      observed('x', 3, 'kg', { code: { text: 'weight' } }),
    ],
    born,
  )
  expect(trends.map(({ title, measurements }) => `${title} ${measurements.length}`)).toEqual([
    'Heart rate 1',
    'Weight 1',
    'Stool 1',
    'Stool 1',
    'weight 1',
  ])
})
