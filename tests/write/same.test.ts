import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sameJson } from '../../src/fhir/json/same.ts'

test('ignores white space between tokens', () => {
  expect(sameJson('{"a":[1, 2],"b":"x y"}', '{ "a" : [ 1,2 ],\n"b": "x y" }\n')).toBe(true)
})

test.each([
  ['{"a":1.00}', '{"a":1.0}'],
  ['{"a":"x y"}', '{"a":"xy"}'],
  ['{"a":1}', '{"a":1,"b":2}'],
  ['[1,2]', '[12]'],
  ['["a\\"b"]', '["a\\"c"]'],
])('tells %s from %s', (a, b) => {
  expect(sameJson(a, b)).toBe(false)
})

test('holds for every value, however it is indented', () => {
  fc.assert(
    fc.property(
      fc.json(),
      (text) =>
        sameJson(text, JSON.stringify(JSON.parse(text), null, 2)) ===
        (text === JSON.stringify(JSON.parse(text))),
    ),
  )
})
