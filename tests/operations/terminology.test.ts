import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { validate } from '../../src/validate/validate.ts'
import asked from '../cases/terminology-operations.json' with { type: 'json' }
import translations from '../cases/translations.json' with { type: 'json' }
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

/** Maps that each ask the next one in a dozen groups. */
const chain = Array.from({ length: 8 }, (_, i) => ({
  resourceType: 'ConceptMap',
  id: `chain${i}`,
  url: `urn:chain:${i}`,
  status: 'active',
  group: Array.from({ length: 12 }, () => ({
    source: 'urn:chain',
    element: [{ code: i === 7 ? 'a' : 'b', target: [{ code: 'z', equivalence: 'equal' }] }],
    unmapped: { mode: 'other-map', url: `urn:chain:${i + 1}` },
  })),
}))

beforeAll(async () => {
  server = await startServer()
  const held = [...cases.held, ...translations.held, many, ...chain] as unknown as Parameters<
    typeof putAll
  >[1]
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
  /** Equivalence, system, code and map of each. */
  matches?: string[]
  params?: Record<string, unknown>
  issue?: string
  issue2?: string
  says?: string
  saysNot?: string
}

type Json = Record<string, unknown> & { name?: string; code?: string; display?: string }

const valueIn = (part: Json | undefined): unknown =>
  Object.entries(part ?? {}).find(([name]) => name.startsWith('value'))?.[1]

interface Match {
  part: { name: string; valueCode?: string; valueUri?: string; valueCoding?: Json & { system?: string } }[]
}

const matchesIn = (parts: readonly Json[]): string[] =>
  parts
    .filter(({ name }) => name === 'match')
    .map((match) =>
      (match as unknown as Match).part
        .filter(({ name }) => name !== 'product')
        .flatMap(({ valueCode, valueUri, valueCoding }) => [
          valueCode ?? valueUri ?? [valueCoding?.system, valueCoding?.code].join(' '),
        ])
        .join(' '),
    )
    .toSorted()

describe('a terminology operation', () => {
  test.each([...asked, ...translations.asked] as unknown as Case[])('$name', async (wanted) => {
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
      expect(valueIn(parts.find((part) => part.name === name)), text).toEqual(value)
    if (wanted.matches) expect(matchesIn(parts)).toEqual([...wanted.matches].toSorted())
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
  expect(names('ConceptMap')).toContain('translate')
})

test('a long chain of maps is followed to its end, each asked once', async () => {
  const { json } = await server.ask('GET', '/ConceptMap/chain0/$translate?system=urn:chain&code=a')
  expect(matchesIn(json.parameter)).toEqual(['equal  z urn:chain:7'])
})

test('the operations are entries of a batch, and see what its other entries wrote', async () => {
  const url = 'http://example.org/vs/batched'
  const resource = {
    resourceType: 'ValueSet',
    url,
    status: 'active',
    compose: { include: [{ system: 'http://example.org/animals', concept: [{ code: 'owl' }] }] },
  }
  const asked = {
    resourceType: 'Parameters',
    parameter: [
      { name: 'url', valueUri: url },
      { name: 'coding', valueCoding: { system: 'http://example.org/animals', code: 'owl' } },
    ],
  }
  const batch = (...entry: object[]) =>
    server.ask('POST', '/', { body: { resourceType: 'Bundle', type: 'batch', entry } })
  const written = await batch({
    request: { method: 'PUT', url: 'ValueSet/batched' },
    resource: { ...resource, id: 'batched' },
  })
  expect(written.json.entry[0].response.status).toContain('201')
  const { json } = await batch(
    { request: { method: 'GET', url: `ValueSet/$expand?url=${url}` } },
    { request: { method: 'POST', url: 'ValueSet/$validate-code' }, resource: asked },
  )
  expect(json.entry[0].resource.expansion.total).toBe(1)
  expect(json.entry[1].resource.parameter[0]).toEqual({ name: 'result', valueBoolean: true })
})

test('the operations take and give XML', async () => {
  const { status, text } = await server.ask('POST', '/ValueSet/$validate-code', {
    headers: { 'content-type': 'application/fhir+xml', accept: 'application/fhir+xml' },
    body: `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="url"/><valueUri value="http://example.org/vs/birds"/></parameter><parameter><name value="coding"/><valueCoding><system value="http://example.org/animals"/><code value="owl"/></valueCoding></parameter></Parameters>`,
  })
  expect(status, text).toBe(200)
  expect(text).toContain('<valueBoolean value="true"/>')
})

test('what was deleted is no longer held', async () => {
  const url = 'http://example.org/vs/deleted'
  const body = {
    resourceType: 'ValueSet',
    id: 'deleted',
    url,
    status: 'active',
    compose: { include: [{ system: 'urn:x', concept: [{ code: 'y' }] }] },
  }
  await server.ask('PUT', '/ValueSet/deleted', { body })
  expect((await server.ask('GET', `/ValueSet/$expand?url=${url}`)).status).toBe(200)
  await server.ask('DELETE', '/ValueSet/deleted')
  expect((await server.ask('GET', `/ValueSet/$expand?url=${url}`)).status).toBe(404)
})

test('a viewer may ask, and nobody may not', async () => {
  const path = '/CodeSystem/$lookup?system=http://example.org/animals&code=owl'
  expect((await server.ask('GET', path, { groups: 'viewer' })).status).toBe(200)
  expect((await server.ask('GET', path, { groups: 'nobody' })).status).toBe(403)
})

test('an expansion is a valid ValueSet', async () => {
  for (const name of ['birds', 'parts', 'some-loinc']) {
    const { json } = await server.ask('GET', `/ValueSet/${name}/$expand?includeDesignations=true&count=2`)
    expect(validate(json, 'ValueSet')).toEqual([])
  }
})

test('answers are valid Parameters', async () => {
  for (const path of [
    'CodeSystem/$lookup?system=http://example.org/animals&code=bird',
    'ValueSet/birds/$validate-code?code=dog',
    'CodeSystem/$subsumes?system=http://example.org/animals&codeA=bird&codeB=owl',
    'ConceptMap/$translate?system=http://example.org/animals&code=dog',
  ]) {
    const { json } = await server.ask('GET', `/${path}`)
    expect(validate(json, 'Parameters'), path).toEqual([])
  }
})
