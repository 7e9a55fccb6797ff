import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import asked from '../cases/terminology-operations.json' with { type: 'json' }
import { type Server, startServer } from '../handlers/caller.ts'
import { putAll } from '../search/hospital.ts'
import { cases } from '../terminology/held.ts'

let server: Server

const many = {
  resourceType: 'CodeSystem',
  id: 'many',
  url: 'http://example.org/many',
  status: 'active',
  content: 'complete',
  concept: Array.from({ length: 11_000 }, (_, i) => ({ code: `c${i}` })),
}

beforeAll(async () => {
  server = await startServer()
  const held = [...cases.held, many] as unknown as Parameters<typeof putAll>[1]
  await putAll(server.engines.openStore('main'), held, '2026-01-01T00:00:00.000Z')
})
afterAll(() => server?.stop())

interface Case {
  name: string
  ask: string
  body?: unknown
  status: number
  codes?: string[]
  displays?: string[]
  total?: number
  params?: Record<string, unknown>
  issue?: string
  issue2?: string
  says?: string
  saysNot?: string
}

type Json = Record<string, unknown> & { name?: string; code?: string; display?: string }

const valueOf1 = (part: Json | undefined): unknown =>
  Object.entries(part ?? {}).find(([name]) => name.startsWith('value'))?.[1]

describe('a terminology operation', () => {
  test.each(asked as unknown as Case[])('$name', async (wanted) => {
    const [method = '', path] = wanted.ask.split(' ')
    const { body } = wanted
    const { status, json, text } = await server.ask(method, `/${path}`, body ? { body } : {})
    expect(status, text).toBe(wanted.status)
    const { contains = [], total } = json.expansion ?? {}
    if (wanted.codes) expect(contains.map(({ code }: Json) => code)).toEqual(wanted.codes)
    if (wanted.displays) expect(contains.map(({ display }: Json) => display)).toEqual(wanted.displays)
    if (wanted.total !== undefined) expect(total).toBe(wanted.total)
    const parts: Json[] = json.parameter ?? []
    for (const [name, value] of Object.entries(wanted.params ?? {}))
      expect(valueOf1(parts.find((part) => part.name === name)), text).toEqual(value)
    if (wanted.issue) expect(json.issue[0].code).toBe(wanted.issue)
    if (wanted.issue2) expect(text).toContain(`"code":"${wanted.issue2}"`)
    if (wanted.says) expect(text).toContain(wanted.says)
    if (wanted.saysNot) expect(text).not.toContain(wanted.saysNot)
  })
})

test('the operations stand in the CapabilityStatement of their types', async () => {
  const { json } = await server.ask('GET', '/metadata')
  const names = (type: string): string[] =>
    json.rest[0].resource
      .find((resource: { type: string }) => resource.type === type)
      .operation.map(({ name }: { name: string }) => name)
  expect(names('ValueSet')).toEqual(expect.arrayContaining(['expand', 'validate-code']))
  expect(names('CodeSystem')).toEqual(expect.arrayContaining(['lookup', 'validate-code', 'subsumes']))
})
