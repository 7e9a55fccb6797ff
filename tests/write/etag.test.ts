import { expect, test } from 'vitest'
import { etagNames, etagsIn } from '../../src/request/etag.ts'

test.each([
  ['W/"3"', ['3']],
  ['"3"', ['3']],
  ['3', ['3']],
  [' W/"3" ', ['3']],
  ['W/"3", "4"', ['3', '4']],
  ['W/"x"', ['x']],
])('reads the ETags of %s', (text, names) => {
  expect(etagsIn(text)).toEqual(names)
})

test.each([['*'], ['sometimes'], ['W/""'], ['W/"3",'], ['']])('refuses %j', (text) => {
  expect(() => etagsIn(text)).toThrow('If-Match')
})

test('reads a list of ETags', () => {
  expect(etagNames('W/"1", "2"')).toEqual(['1', '2'])
})
