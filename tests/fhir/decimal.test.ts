import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  approximateInterval,
  compareDecimals,
  impliedInterval,
  parseDecimal,
  sortableDecimal,
} from '../../src/fhir/values/decimal.ts'

const decimal = (text: string | number) => {
  const parsed = parseDecimal(text)
  if (!parsed) throw new Error(`${text} is no decimal`)
  return parsed
}
const encoded = (text: string | number) => sortableDecimal(decimal(text))

const impliedCases = [
  ['100', '99.5', '100.5'],
  ['100.00', '99.995', '100.005'],
  ['1e2', '95', '105'],
  ['1.00e2', '99.5', '100.5'],
  ['-5.4', '-5.45', '-5.35'],
  ['0', '-0.5', '0.5'],
  ['5.4e-3', '0.00535', '0.00545'],
]
test.each(impliedCases)('%s stands for numbers from %s up to %s', (text, low, high) => {
  const interval = impliedInterval(decimal(text))
  expect(sortableDecimal(interval.low)).toBe(encoded(low ?? ''))
  expect(sortableDecimal(interval.high)).toBe(encoded(high ?? ''))
})

test('approximately means ten per cent either way', () => {
  const { low, high } = approximateInterval(decimal('-100'))
  expect([sortableDecimal(low), sortableDecimal(high)]).toEqual([encoded('-110'), encoded('-90')])
})

test('numbers that are equal have equal text', () => {
  expect(encoded('1.00')).toBe(encoded('1'))
  expect(encoded('1e2')).toBe(encoded('100.0'))
  expect(encoded('-0.0')).toBe(encoded('0'))
  expect(encoded(1e21)).toBe(encoded('1000000000000000000000'))
})

test('sortable text sorts as the numbers do', () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true })
  fc.assert(
    fc.property(number, number, (a, b) => {
      expect(Math.sign(compareDecimals(decimal(a), decimal(b)))).toBe(
        Math.sign(a - b) || Number(a > b) - Number(a < b),
      )
    }),
  )
})

test('sorts digits that a double cannot hold', () => {
  expect(encoded('0.1000000000000000055') < encoded('0.1000000000000000056')).toBe(true)
  expect(encoded('-12345678901234567891') < encoded('-12345678901234567890')).toBe(true)
})

test.each(['', 'a', '1.', '.5', '1e', '--1', '1e99999', '0x10', 'Infinity', ' 1'])(
  '%j is no decimal',
  (text) => {
    expect(parseDecimal(text)).toBeUndefined()
  },
)
