import { expect, test } from 'vitest'
import { answerFormat, bodyFormat } from '../../src/http/negotiate.ts'
import { preferOf } from '../../src/http/prefer.ts'

const asking = (accept?: string, format?: string) => ({
  headers: accept === undefined ? {} : { accept },
  query: format === undefined ? [] : [['_format', format] as const],
})

test.each([
  [undefined, undefined, 'json'],
  ['*/*', undefined, 'json'],
  ['application/fhir+json', undefined, 'json'],
  ['application/json;fhirVersion=4.0', undefined, 'json'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', undefined, 'json'],
  ['application/xml', 'json', 'json'],
  [undefined, 'application/fhir json', 'json'],
  ['application/fhir+xml', undefined, 'xml'],
  ['application/fhir+json;q=0.5, application/fhir+xml', undefined, 'xml'],
  ['application/fhir+json;q=0, text/xml;q=0.1', undefined, 'xml'],
  ['application/pdf, application/xml; fhirVersion=4.0', undefined, 'xml'],
  ['application/fhir+json', 'xml', 'xml'],
  ['application/pdf', 'application/fhir xml', 'xml'],
])('answers Accept %s with _format %s in %s', (accept, format, expected) => {
  expect(answerFormat(asking(accept, format)).format).toBe(expected)
})

test.each([
  ['application/pdf', undefined],
  ['application/fhir+json;q=0', undefined],
  ['application/fhir+json; fhirVersion=3.0', undefined],
  [undefined, 'turtle'],
  [undefined, 'application/fhir+json; fhirVersion=5.0'],
  ['application/fhir+json', 'ttl'],
])('refuses Accept %s with _format %s and names what it serves', (accept, format) => {
  expect(() => answerFormat(asking(accept, format))).toThrow('application/fhir+json')
})

test.each([
  ['application/fhir+json', 'json'],
  ['application/json; charset=utf-8', 'json'],
  ['text/json', 'json'],
  ['application/fhir+xml; fhirVersion=4.0', 'xml'],
  ['text/xml', 'xml'],
])('takes %s as %s', (type, expected) => {
  expect(bodyFormat({ headers: { 'content-type': type }, body: '{}' }, 'resource')).toBe(expected)
})

test.each([['text/csv'], ['application/fhir+json; fhirVersion=3.0']])(
  'refuses a body of %s and names what it takes',
  (type) => {
    expect(() => bodyFormat({ headers: { 'content-type': type }, body: 'a' }, 'resource')).toThrow(
      'fhir+json',
    )
  },
)

test.each([
  [undefined, { lenient: false }],
  ['return=minimal', { returns: 'minimal', lenient: false }],
  ['return=OperationOutcome; handling=lenient', { returns: 'OperationOutcome', lenient: true }],
  ['handling=strict, return="representation"', { returns: 'representation', lenient: false, strict: true }],
  ['return=everything', { lenient: false }],
  ['return=minimal, return=representation', { returns: 'minimal', lenient: false }],
])('understands Prefer: %s', (header, preference) => {
  expect(preferOf(header)).toEqual(preference)
})
