import fc from 'fast-check'
import { expect, test } from 'vitest'
import { syntaxFault } from '../../src/fhir/json/syntax.ts'

test.each([
  ['{"a":1,}', 1, 8, 'a name in double quotes'],
  ['{"a" 1}', 1, 6, '`:`'],
  ['[1 2]', 1, 4, '`,` or `]`'],
  ['{\n  "a": tru\n}', 2, 8, 'a value'],
  ['{"a":"x', 1, 6, 'a complete string'],
  ['{"a":1', 1, 7, '`,` or `}`'],
  ['{"a":1} x', 1, 9, 'nothing more'],
  ['{"a":01}', 1, 6, 'a value'],
  ['', 1, 1, 'a value'],
])('says where %j goes wrong', (text, line, column, what) => {
  const fault = syntaxFault(text)
  expect([fault.line, fault.column]).toEqual([line, column])
  expect(fault.what).toContain(what)
})

test('finds a fault in every text that JSON.parse refuses', () => {
  const nearlyJson = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', 'x', '\u0001'))
    .map(([text, at, put]) => {
      const i = at % (text.length + 1)
      return text.slice(0, i) + put + text.slice(i + 1)
    })
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  fc.assert(
    fc.property(nearlyJson, (text) => {
      fc.pre(!isJson(text))
      expect(syntaxFault(text).what).not.toBe('it cannot be read')
    }),
    { numRuns: 2000 },
  )
})
