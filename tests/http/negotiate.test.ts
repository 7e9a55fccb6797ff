import { expect, test } from 'vitest'
import { checkAccept, checkContentType } from '../../src/http/negotiate.ts'
import { preferOf } from '../../src/http/prefer.ts'

const asking = (accept?: string, format?: string) => ({
  headers: accept === undefined ? {} : { accept },
  query: format === undefined ? [] : [['_format', format] as const],
})

test.each([
  [undefined, undefined],
  ['*/*', undefined],
  ['application/fhir+json', undefined],
  ['application/json;fhirVersion=4.0', undefined],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', undefined],
  ['application/xml', 'json'],
  [undefined, 'application/fhir json'],
])('serves JSON to Accept %s with _format %s', (accept, format) => {
  expect(() => checkAccept(asking(accept, format))).not.toThrow()
})

test.each([
  ['application/pdf', undefined],
  ['application/fhir+json;q=0', undefined],
  [undefined, 'turtle'],
  ['application/fhir+json', 'ttl'],
])('refuses Accept %s with _format %s and names what it serves', (accept, format) => {
  expect(() => checkAccept(asking(accept, format))).toThrow('application/fhir+json')
})

test.each([['application/fhir+json'], ['application/json; charset=utf-8'], ['text/json']])(
  'takes %s',
  (type) => {
    expect(() =>
      checkContentType({ headers: { 'content-type': type }, body: '{}' }, 'resource'),
    ).not.toThrow()
  },
)

test('refuses a body in another format and names what it takes', () => {
  expect(() => checkContentType({ headers: { 'content-type': 'text/csv' }, body: 'a' }, 'resource')).toThrow(
    'fhir+json',
  )
})

test.each([
  [undefined, { lenient: false }],
  ['return=minimal', { returns: 'minimal', lenient: false }],
  ['return=OperationOutcome; handling=lenient', { returns: 'OperationOutcome', lenient: true }],
  ['handling=strict, return="representation"', { returns: 'representation', lenient: false }],
  ['return=everything', { lenient: false }],
])('understands Prefer: %s', (header, preference) => {
  expect(preferOf(header)).toEqual(preference)
})
