import { expect, test } from 'vitest'
import { dateInterval, earliest, intervalOf, latest } from '../../src/fhir/values/dates.ts'

const cases = [
  ['2020', '2020-01-01T00:00:00.000Z', '2020-12-31T23:59:59.999Z'],
  ['2020-02', '2020-02-01T00:00:00.000Z', '2020-02-29T23:59:59.999Z'],
  ['2021-12-31', '2021-12-31T00:00:00.000Z', '2021-12-31T23:59:59.999Z'],
  ['2020-01-01T10:30', '2020-01-01T10:30:00.000Z', '2020-01-01T10:30:59.999Z'],
  ['2020-01-01T10:30:00Z', '2020-01-01T10:30:00.000Z', '2020-01-01T10:30:00.999Z'],
  ['2020-01-01T00:30:00+02:00', '2019-12-31T22:30:00.000Z', '2019-12-31T22:30:00.999Z'],
  ['2020-01-01T10:30:00.5-05:30', '2020-01-01T16:00:00.500Z', '2020-01-01T16:00:00.500Z'],
  ['2020-01-01T10:30:00.1234567Z', '2020-01-01T10:30:00.123Z', '2020-01-01T10:30:00.123Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z', '2017-01-01T00:00:00.999Z'],
  ['0050', '0050-01-01T00:00:00.000Z', '0050-12-31T23:59:59.999Z'],
  ['9999', '9999-01-01T00:00:00.000Z', latest],
  ['0000-01-01T00:00:00+10:00', earliest, earliest],
]
test.each(cases)('%s lasts from %s to %s', (text, low, high) => {
  expect(dateInterval(text ?? '')).toEqual({ low, high })
})

const wrong = [
  '',
  '20',
  '2020-13',
  '2021-02-29',
  '1900-02-29',
  '2020-04-31',
  '2020-01-01T24:00:00Z',
  '2020-1-1',
]
test.each([...wrong, '2020-01-01T10', '2020-01-01T10:00:00+15:00', 'yesterday', '2020Z'])(
  '%j is no date',
  (text) => {
    expect(dateInterval(text)).toBeUndefined()
  },
)

test('a period without an end stays open', () => {
  expect(intervalOf({ type: 'Period', value: { start: '2020' } })).toEqual({
    low: '2020-01-01T00:00:00.000Z',
    high: latest,
  })
  expect(intervalOf({ type: 'Period', value: { end: '2020' } })?.low).toBe(earliest)
  expect(intervalOf({ type: 'Period', value: {} })).toBeUndefined()
  expect(intervalOf({ type: 'Period', value: { start: 'x', end: '2020' } })).toBeUndefined()
})

test('a timing reaches from its first event to its last, bounds included', () => {
  const value = { event: ['2020-05', '2019-01-01'], repeat: { boundsPeriod: { start: '2020', end: '2021' } } }
  expect(intervalOf({ type: 'Timing', value })).toEqual({
    low: '2019-01-01T00:00:00.000Z',
    high: '2021-12-31T23:59:59.999Z',
  })
  expect(intervalOf({ type: 'Timing', value: { repeat: {} } })).toBeUndefined()
})
