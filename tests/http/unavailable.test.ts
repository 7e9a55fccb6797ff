import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { responseOf } from '../../src/http/response.ts'
import { noFaults } from '../../src/local/strict/options.ts'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer({})
})
afterAll(() => server?.stop())
afterEach(() => server.engines.strict.change({ faults: noFaults }))

const patient = { resourceType: 'Patient' }
const bundle = (type: string) => ({
  resourceType: 'Bundle',
  type,
  entry: [
    { request: { method: 'GET', url: 'Patient/1' } },
    { resource: patient, request: { method: 'POST', url: 'Patient' } },
  ],
})

test.each([
  ['GET', '/Patient/1', undefined],
  ['GET', '/Patient?birthdate=2000', undefined],
  ['GET', '/Patient/1/_history', undefined],
  ['POST', '/Patient', patient],
  ['PUT', '/Patient/1', { ...patient, id: '1' }],
  ['DELETE', '/Patient/1', undefined],
  ['POST', '/', bundle('transaction')],
  ['POST', '/', bundle('batch')],
])(
  '%s %s is answered with 503 and when to come back, where the credentials have expired',
  async (method, path, body) => {
    server.engines.strict.change({ faults: { expired: 1 } })
    const { status, headers, json } = await server.ask(method, path, body ? { body } : {})
    expect([status, headers['Retry-After'], json.issue[0].code]).toEqual([503, '1', 'transient'])
  },
)

test.each([
  [429, '1'],
  [503, '1'],
  [500, undefined],
  [409, undefined],
  [200, undefined],
])('of the statuses, %i has Retry-After %s', (status, expected) => {
  const { headers } = responseOf({ status }, { lenient: false }, 'https://example.org')
  expect(headers['Retry-After']).toBe(expected)
})
