import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Stack, startStack } from '../../src/local/stack.ts'

interface Json {
  rest: { security: object }[]
  resourceType: string
  issue: { code: string }[]
}

describe('a stack without sign-in', () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack({ open: true, environments: 1 })
  })
  afterAll(() => stack?.stop())

  const jsonAt = async (path: string): Promise<Json> =>
    (await fetch(new URL(path, stack.url))).json() as Promise<Json>

  test('answers without a token and names no place to sign in', async () => {
    expect((await fetch(`${stack.url}/Patient`)).status).toBe(200)
    const { rest } = await jsonAt('/fhir/metadata')
    expect(rest[0]?.security).toEqual({ cors: true })
    expect((await fetch(`${stack.url}/.well-known/smart-configuration`)).status).toBe(404)
  })

  test.each(['/nothing', '/fhirr/Patient', '/Patient/1', '/admin?x=1'])(
    'answers %s, which it does not serve, with an OperationOutcome as the API does',
    async (path) => {
      const response = await fetch(new URL(path, stack.url))
      expect([response.status, response.headers.get('content-type')]).toEqual([403, 'application/fhir+json'])
      const { resourceType, issue } = (await response.json()) as Json
      expect([resourceType, issue[0]?.code]).toEqual(['OperationOutcome', 'not-found'])
    },
  )

  test('tells the page that nobody signs in', async () => {
    expect(await jsonAt('/config.json')).toMatchObject({ auth: null })
  })
})
