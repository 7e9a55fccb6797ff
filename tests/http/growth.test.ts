import { afterAll, beforeAll, expect, test } from 'vitest'
import { laptopOptions } from '../../src/local/strict/options.ts'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer({ MAX_BODY_BYTES: '20000000' })
  // Nothing comes back unprocessed: every call is one that the server needs.
  server.engines.strict.change(laptopOptions)
})
afterAll(() => server?.stop())

const patient = (id: string, count: number, gender = 'male') => ({
  resourceType: 'Patient',
  id,
  gender,
  identifier: Array.from({ length: count }, (_, nth) => ({ system: 'http://example.org', value: `v${nth}` })),
})

const calls = (): number =>
  Object.entries(server.engines.strict.counts()).reduce(
    (sum, [name, count]) => (name.startsWith('fault') ? sum : sum + count),
    0,
  )

const callsOf = async (method: string, path: string, body?: object): Promise<number> => {
  const before = calls()
  const { status, text } = await server.ask(method, path, body ? { body } : {})
  expect(status, text).toBeLessThan(300)
  return calls() - before
}

test('a patient with many identifiers takes calls in proportion to be written, and none more to be found and checked', async () => {
  const costsOf = async (id: string, count: number) => ({
    create: await callsOf('PUT', `/Patient/${id}`, patient(id, count)),
    update: await callsOf('PUT', `/Patient/${id}`, patient(id, count, 'female')),
    search: await callsOf('GET', `/Patient?identifier=http://example.org|v7&_id=${id}`),
    validate: await callsOf('POST', '/Patient/$validate', patient(id, count)),
  })
  await costsOf('first', 10)
  const few = await costsOf('few', 500)
  const many = await costsOf('many', 2_000)
  expect(many.create).toBeLessThanOrEqual(4 * few.create)
  expect(many.update).toBeLessThanOrEqual(4 * few.update)
  expect([many.search, many.validate]).toEqual([few.search, few.validate])
})
