import { expect, test } from 'vitest'
import { etagNames, versionOf } from '../../src/write/etag.ts'

test.each([['W/"3"'], ['"3"'], ['3'], [' W/"3" ']])('reads version 3 from %s', (text) => {
  expect(versionOf(text)).toBe(3)
})

test.each([['W/"x"'], ['*'], ['W/"0"'], ['']])('refuses %j', (text) => {
  expect(() => versionOf(text)).toThrow('If-Match')
})

test('reads a list of ETags', () => {
  expect(etagNames('W/"1", "2"')).toEqual(['1', '2'])
})
