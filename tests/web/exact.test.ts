import { expect, test } from 'vitest'
import { parseExact, toDigits, toNumber } from '../../client/exact.ts'

test('keeps the digits of decimals and writes them back unchanged', () => {
  const text = '{"a":1.00,"b":36.60,"c":72,"d":1e2,"e":0.30000000000000004,"f":"1.00"}'
  expect(JSON.stringify(parseExact(text))).toBe(text)
})

test('returns the number and the digits of a decimal', () => {
  const { value } = parseExact('{"value":36.60}') as { value: unknown }
  expect(toNumber(value)).toBe(36.6)
  expect(toDigits(value)).toBe('36.60')
  expect(toNumber('36.6')).toBeUndefined()
})
