import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { baseOf, fhirRequestOf, gatewayResult } from '../../src/handlers/door/gateway.ts'
import { eventOf, sampleEvent } from './caller.ts'

const limit = 1000

test('keeps repeated query parameters, which are AND', () => {
  const { query } = fhirRequestOf(sampleEvent('search'), limit)
  expect(query.filter(([name]) => name === 'date')).toEqual([
    ['date', 'ge2026-01-01'],
    ['date', 'lt2027-01-01'],
  ])
})

test.each([
  ['read', 'Patient/ann'],
  ['vread', 'Patient/ann/_history/1'],
  ['search', 'Observation'],
  ['search-post', 'Observation/_search'],
  ['transaction', ''],
  ['history-system', '_history'],
])('tells the path of the event %s', (name, path) => {
  expect(fhirRequestOf(sampleEvent(name), 10_000).path).toBe(path)
})

test('decodes path parameters', () => {
  const event = { ...sampleEvent('read'), pathParameters: { proxy: 'a%20b' } }
  expect(fhirRequestOf(event, limit).path).toBe('Patient/a b')
})

test.each([['read'], ['search'], ['transaction']])(
  'tells the base URL from the stage of the event %s',
  (name) => {
    expect(baseOf(sampleEvent(name))).toBe('https://api.example.org/fhir')
  },
)

test('tells the base URL of a custom domain with a prefix of its own', () => {
  const event = sampleEvent('read')
  const requestContext = { ...event.requestContext, domainName: 'fhir.example.org', path: '/r4/Patient/ann' }
  expect(baseOf({ ...event, requestContext })).toBe('https://fhir.example.org/r4')
})

test('does not believe a host header that is not the domain', () => {
  const event = sampleEvent('read')
  expect(baseOf({ ...event, multiValueHeaders: { Host: ['evil.example'] } })).toBe(
    'https://api.example.org/fhir',
  )
})

test('keeps the port of a local gateway', () => {
  const event = sampleEvent('read')
  const requestContext = { ...event.requestContext, domainName: 'localhost' }
  const multiValueHeaders = { Host: ['localhost:4711'], 'X-Forwarded-Proto': ['http'] }
  expect(baseOf({ ...event, requestContext, multiValueHeaders })).toBe('http://localhost:4711/fhir')
})

test('decodes a body in base64, compressed or not', () => {
  const text = '{"a":"ü"}'
  const plain = {
    ...eventOf('POST', '/Patient'),
    isBase64Encoded: true,
    body: Buffer.from(text).toString('base64'),
  }
  const zipped = { ...plain, body: gzipSync(text).toString('base64') }
  expect(fhirRequestOf(plain, limit).body).toBe(text)
  expect(fhirRequestOf(zipped, limit).body).toBe(text)
})

test.each([
  ['as text', { body: 'x'.repeat(1001), isBase64Encoded: false }],
  ['in multi-byte characters', { body: '€'.repeat(400), isBase64Encoded: false }],
  ['in base64', { body: Buffer.alloc(1001).toString('base64'), isBase64Encoded: true }],
  ['once inflated', { body: gzipSync('x'.repeat(5000)).toString('base64'), isBase64Encoded: true }],
])('refuses a body that is over the limit %s', (_, body) => {
  expect(() => fhirRequestOf({ ...eventOf('POST', '/Patient'), ...body }, limit)).toThrow('at most 1000')
})

const response = { status: 200, headers: { ETag: 'W/"1"' }, body: JSON.stringify({ text: 'x'.repeat(3000) }) }

test('compresses what the caller accepts and the gateway passes on', () => {
  const result = gatewayResult(response, { 'accept-encoding': 'br, gzip', accept: 'application/fhir+json' }, [
    'application/fhir+json',
  ])
  expect(result.isBase64Encoded).toBe(true)
  expect(result.headers).toMatchObject({
    ETag: 'W/"1"',
    'Content-Encoding': 'gzip',
    Vary: 'Accept, Accept-Encoding',
  })
  expect(gunzipSync(Buffer.from(result.body, 'base64')).toString()).toBe(response.body)
})

test.each([
  ['the caller does not ask for it', {}, ['*/*']],
  ['the caller refuses it', { 'accept-encoding': 'gzip;q=0' }, ['*/*']],
  [
    'the gateway would pass base64 on as text',
    { 'accept-encoding': 'gzip', accept: 'application/fhir+json' },
    ['image/png'],
  ],
])('leaves it plain where %s', (_, headers, binaryTypes) => {
  expect(gatewayResult(response, headers, binaryTypes)).toMatchObject({
    body: response.body,
    isBase64Encoded: false,
  })
})

test('refuses an answer that Lambda could not return', () => {
  const huge = { ...response, body: '"'.repeat(3_200_000) }
  expect(() => gatewayResult(huge, {}, [])).toThrow('_count')
})
