import { expect, test } from 'vitest'
import { ownBases, parseCanonical, parseLink } from '../../src/fhir/references.ts'

const base = 'https://own.example/fhir'

test.each([
  ['Patient/1', { kind: 'local', type: 'Patient', id: '1' }],
  ['Patient/1/_history/2', { kind: 'local', type: 'Patient', id: '1', version: '2' }],
  [`${base}/Patient/1`, { kind: 'local', type: 'Patient', id: '1' }],
  [
    'https://other.example/Patient/1/_history/3',
    {
      kind: 'foreign',
      url: 'https://other.example/Patient/1/_history/3',
      type: 'Patient',
      id: '1',
      version: '3',
    },
  ],
  ['https://other.example/page', { kind: 'foreign', url: 'https://other.example/page' }],
  ['urn:uuid:5', { kind: 'urn', url: 'urn:uuid:5' }],
  ['#', { kind: 'contained', id: '' }],
  ['#p1', { kind: 'contained', id: 'p1' }],
  [
    'Practitioner?identifier=http://x|1',
    {
      kind: 'conditional',
      type: 'Practitioner',
      query: 'identifier=http://x|1',
    },
  ],
])('%s', (text, link) => {
  expect(parseLink(text, base)).toEqual(link)
})

test.each([
  '',
  'Patient',
  'patient/1',
  'Patient/',
  'a/Patient/1',
  'Patient/a b',
  `Patient/${'x'.repeat(65)}`,
])('%j is no link', (text) => {
  expect(parseLink(text, base)).toBeUndefined()
})

test.each([
  [undefined, []],
  ['', []],
  ['https://a.example.org/fhir', ['https://a.example.org/fhir']],
  ['https://a.example.org/fhir/, http://b', ['https://a.example.org/fhir/', 'http://b']],
])('%j names other addresses of our own', (FHIR_BASES, bases) => {
  expect(ownBases({ FHIR_BASES })).toEqual(bases)
})

test('a canonical splits into address, version and fragment', () => {
  expect(parseCanonical('http://x/y|1.0#z')).toEqual({ url: 'http://x/y', version: '1.0', fragment: 'z' })
  expect(parseCanonical('http://x/y')).toEqual({ url: 'http://x/y' })
})
