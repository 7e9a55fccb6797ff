import { expect, test } from 'vitest'
import { prettyJson } from '../../src/fhir/json/pretty.ts'

test('puts each member on a line of its own and keeps digits and strings', () => {
  expect(prettyJson('{"a":1.00,"b":{},"c":[ ],"d":[1e2,"x: {[,"],"e":{"f":null}}')).toBe(
    [
      '{',
      '  "a": 1.00,',
      '  "b": {},',
      '  "c": [],',
      '  "d": [',
      '    1e2,',
      '    "x: {[,"',
      '  ],',
      '  "e": {',
      '    "f": null',
      '  }',
      '}',
    ].join('\n'),
  )
})

test('does not depend on how the text was spaced', () => {
  const text = '{"a":[{"b":"c"},2]}'
  expect(prettyJson(prettyJson(text))).toBe(prettyJson(text))
})
