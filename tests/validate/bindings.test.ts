import { afterAll, beforeAll, expect, test } from 'vitest'
import cases from '../cases/bindings.json' with { type: 'json' }
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

interface Told {
  severity: string
  code: string
  diagnostics: string
  expression?: string[]
}

const told = async (resource: { resourceType: string }): Promise<unknown[]> => {
  const { json } = await server.ask('POST', `/${resource.resourceType}/$validate`, { body: resource })
  return json.issue
    .filter(({ diagnostics }: Told) => diagnostics.includes('value set'))
    .map(({ severity, code, expression = [] }: Told) => [severity, code, expression[0]])
}

test.each(cases)('$name', async ({ resource, issues }) => {
  expect(await told(resource)).toEqual(issues)
})

test('what is loaded is judged by at once', async () => {
  const account = {
    resourceType: 'Account',
    status: 'active',
    extension: [{ url: 'http://example.org/x', valueMoney: { value: 1, currency: 'QQQ' } }],
  }
  const system = {
    resourceType: 'CodeSystem',
    id: 'currencies',
    url: 'urn:iso:std:iso:4217',
    status: 'active',
    content: 'complete',
    concept: [{ code: 'CHF' }],
  }
  await server.ask('PUT', '/CodeSystem/currencies', { body: system })
  expect(await told(account)).toEqual([['error', 'code-invalid', 'Account.extension[0].value.currency']])
  await server.ask('PUT', '/CodeSystem/currencies', { body: { ...system, content: 'fragment' } })
  expect(await told(account)).toEqual([['information', 'not-found', 'Account.extension[0].value.currency']])
})

test('a write is not judged by terminology', async () => {
  const [{ resource } = { resource: undefined }] = cases.filter(({ issues }) => issues.length > 0)
  const { status } = await server.ask('POST', `/${resource?.resourceType}`, { body: resource })
  expect(status).toBe(201)
})
