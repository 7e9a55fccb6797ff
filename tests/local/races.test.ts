import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Stack, startStack } from '../../src/local/stack.ts'
import { testOptions } from '../../src/local/strict/options.ts'

type Json = Record<string, unknown>

/** Who waited too long, for the others or for an engine on a busy machine, is told to try again. */
const triesAgain = (status: number): boolean => status === 409 || status === 503

describe('requests that race in processes of their own', () => {
  let stack: Stack
  let authorization: string
  beforeAll(async () => {
    stack = await startStack({ environments: 8, strict: testOptions })
    authorization = `Bearer ${await stack.token('clinician')}`
  })
  afterAll(() => stack?.stop())

  const ask = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await fetch(`${stack.url}/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/fhir+json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.status === 503) expect(response.headers.get('retry-after'), text).toMatch(/^\d+$/)
    return {
      status: response.status,
      etag: response.headers.get('etag'),
      json: (text ? JSON.parse(text) : {}) as Json,
    }
  }

  const several = <T>(count: number, run: (i: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => run(i)))

  const identified = (value: string) => ({
    resourceType: 'Patient',
    identifier: [{ system: 'urn:race', value }],
  })
  const total = async (value: string) => {
    const { status, json } = await ask('GET', `Patient?identifier=urn:race%7C${value}&_summary=count`)
    expect(status).toBe(200)
    return json.total
  }

  test('fifty conditional creates make one resource', async () => {
    const headers = { 'if-none-exist': 'identifier=urn:race|one' }
    const answers = await several(50, () => ask('POST', 'Patient', identified('one'), headers))
    const statuses = answers.map(({ status }) => status).filter((status) => status !== 200)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => status !== 201 && !triesAgain(status))).toEqual([])
    expect(await total('one')).toBe(1)
  })

  test('fifty transactions that each create conditionally make one resource', async () => {
    const entry = [
      {
        resource: identified('two'),
        request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=urn:race|two' },
      },
    ]
    const answers = await several(50, () =>
      ask('POST', '', { resourceType: 'Bundle', type: 'transaction', entry }),
    )
    expect(answers.filter(({ status }) => status !== 200 && !triesAgain(status))).toEqual([])
    expect(answers.some(({ status }) => status === 200)).toBe(true)
    expect(await total('two')).toBe(1)
  })

  test('no update is lost where each names the version that it read', async () => {
    await ask('PUT', 'Basic/counter', { resourceType: 'Basic', id: 'counter', code: { text: '0' } })
    const increment = async (): Promise<void> => {
      for (;;) {
        const { json, etag } = await ask('GET', 'Basic/counter')
        const next = String(Number((json.code as { text: string }).text) + 1)
        const body = { resourceType: 'Basic', id: 'counter', code: { text: next } }
        const { status } = await ask('PUT', 'Basic/counter', body, { 'if-match': etag ?? '' })
        if (status === 200) return
        expect([409, 412, 503]).toContain(status)
      }
    }
    await several(12, increment)
    const { json, etag } = await ask('GET', 'Basic/counter')
    expect([(json.code as Json).text, etag]).toEqual(['12', 'W/"13"'])
  })

  test('of many that create the same id where there must be none, one does', async () => {
    const body = { resourceType: 'Basic', id: 'first', code: { text: 'x' } }
    const answers = await several(20, (i) =>
      ask('PUT', 'Basic/first', { ...body, code: { text: String(i) } }, { 'if-none-match': '*' }),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status !== 201 && status !== 412 && !triesAgain(status))).toEqual(
      [],
    )
    expect((await ask('GET', 'Basic/first')).etag).toBe('W/"1"')
  })

  test('one key makes one resource, whatever process each repetition reaches', async () => {
    const headers = { 'idempotency-key': 'race' }
    const answers = await several(30, () => ask('POST', 'Patient', identified('key'), headers))
    const created = answers.filter(({ status }) => status === 201)
    expect(new Set(created.map(({ json }) => json.id)).size).toBe(1)
    expect(answers.filter(({ status }) => status !== 201 && !triesAgain(status))).toEqual([])
    expect(await total('key')).toBe(1)
  })
})
