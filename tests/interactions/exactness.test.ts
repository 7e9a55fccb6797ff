/** Holds the server to its CapabilityStatement: what it states is done, and what it does not state is refused. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { searchParameters } from '../../src/fhir/parameters.ts'
import { type Server, startServer } from '../handlers/caller.ts'

interface Resource {
  type: string
  interaction: { code: string }[]
  searchParam: { name: string; type: string; definition?: string }[]
  searchInclude?: string[]
  searchRevInclude?: string[]
  operation?: { name: string; definition: string }[]
}

let server: Server
let statement: {
  format: string[]
  patchFormat: string[]
  rest: [
    {
      resource: Resource[]
      interaction: { code: string }[]
      operation: { name: string; definition: string }[]
      compartment: string[]
    },
  ]
}
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
beforeAll(async () => {
  server = await startServer()
  statement = (await ask('GET', '/metadata', { open: true })).json
})
afterAll(() => server?.stop())

const resources = () => statement.rest[0].resource
const eachType = async (work: (resource: Resource) => Promise<void>): Promise<void> => {
  const left = [...resources()]
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) await work(next)
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

/** A value that every parameter of a kind takes. */
const values: Readonly<Record<string, string>> = {
  token: 'x',
  string: 'x',
  reference: 'Patient/1',
  uri: 'urn:x',
  date: '2026',
  number: '1',
  quantity: '1',
  special: '1|1|1|km',
  _filter: '_id eq x',
}

/** Returns a value that a parameter takes; a composite's is one for each component. */
const valueFor = (type: string, { name, type: kind }: { name: string; type: string }): string => {
  const { components = [] } = searchParameters(type).get(name) ?? {}
  const kinds = components.map(({ code }) => searchParameters(type).get(code)?.type ?? '')
  return (
    values[name] ?? [...(kind === 'composite' ? kinds : [kind])].map((each) => values[each] ?? '').join('$')
  )
}

test('its own form is valid', async () => {
  const { json } = await ask('POST', '/CapabilityStatement/$validate', { body: statement })
  expect(json.issue.map(({ diagnostics }: { diagnostics: string }) => diagnostics)).toEqual([
    expect.stringContaining('dom-6'),
  ])
})

describe('every type', () => {
  const stated: Readonly<Record<string, (type: string) => Promise<number>>> = {
    read: async (type) => (await ask('GET', `/${type}/none`)).status - 204,
    vread: async (type) => (await ask('GET', `/${type}/none/_history/1`)).status - 204,
    'history-type': async (type) => (await ask('GET', `/${type}/_history?_count=1`)).status,
    'history-instance': async (type) => (await ask('GET', `/${type}/none/_history`)).status - 204,
    'search-type': async (type) => (await ask('GET', `/${type}?_count=1`)).status,
    delete: async (type) => (await ask('DELETE', `/${type}/none`)).status - 4,
    // What is sent is not valid, which only an interaction that is served can say.
    create: async (type) => (await ask('POST', `/${type}`, { body: wrong(type) })).status - 200,
    update: async (type) => (await ask('PUT', `/${type}/none`, { body: wrong(type) })).status - 200,
    patch: async (type) =>
      (
        await ask('PATCH', `/${type}/none`, {
          body: [{ op: 'add', path: '/x', value: 1 }],
          headers: { 'Content-Type': 'application/json-patch+json' },
        })
      ).status - 204,
  }
  const wrong = (type: string) => ({ resourceType: type, id: 'none', wrong: true })

  test('has the interactions that are stated, and states all there are', async () => {
    await eachType(async ({ type, interaction }) => {
      const codes = interaction.map(({ code }) => code)
      expect(codes.toSorted(), type).toEqual(Object.keys(stated).toSorted())
      for (const [code, work] of Object.entries(stated))
        expect([type, code, await work(type)]).toEqual([type, code, 200])
    })
  }, 60_000)

  test('is searched by every parameter that is stated, and by no other', async () => {
    await eachType(async ({ type, searchParam }) => {
      for (const parameter of searchParam) {
        const { name } = parameter
        const target = `/${type}?${parameter.name}=${encodeURIComponent(valueFor(type, parameter))}&_summary=count`
        const { status, text } = await ask('GET', target)
        // A list that is not there is not found, which only a parameter that is known can say.
        expect([target, name === '_list' && status === 404 ? 200 : status], text.slice(0, 300)).toEqual([
          target,
          200,
        ])
      }
      const refused = await ask('GET', `/${type}?not-stated=1`)
      expect([type, refused.status]).toEqual([type, 400])
    })
  }, 120_000)

  test('includes both ways as is stated, and not otherwise', async () => {
    await eachType(async ({ type, searchInclude = [], searchRevInclude = [] }) => {
      const forward = searchInclude.map((each) => `_include=${each}`).join('&')
      const back = searchRevInclude.map((each) => `_revinclude=${each}`).join('&')
      expect([type, (await ask('GET', `/${type}?${forward}`)).status]).toEqual([type, 200])
      expect([type, (await ask('GET', `/${type}?${back}`)).status]).toEqual([type, 200])
      expect([type, (await ask('GET', `/${type}?_include=${type}:not-stated`)).status]).toEqual([type, 400])
    })
  }, 60_000)

  test('has the operations that are stated, at some level, and no others', async () => {
    const all = new Set(
      [...resources().flatMap(({ operation = [] }) => operation), ...statement.rest[0].operation].map(
        ({ name }) => name,
      ),
    )
    await eachType(async ({ type, operation = [] }) => {
      const own = new Set(operation.map(({ name }) => name))
      for (const name of all) {
        const allowed = await Promise.all(
          [`/${type}/$${name}`, `/${type}/none/$${name}`].map(
            async (target) => (await ask('OPTIONS', target)).headers.Allow,
          ),
        )
        const isServed = allowed.some((methods) => /POST/.test(methods ?? ''))
        expect([type, name, isServed]).toEqual([type, name, own.has(name)])
      }
      expect((await ask('POST', `/${type}/none/$not-stated`)).status).toBe(404)
    })
  }, 60_000)
})

test('the definition of every operation can be read here, and of what R4 defines it names R4’s', async () => {
  const all = [...resources().flatMap(({ operation = [] }) => operation), ...statement.rest[0].operation]
  const addresses = [...new Set(all.map(({ definition }) => definition))]
  expect(addresses.length).toBeGreaterThan(10)
  for (const address of addresses) {
    const id = address.slice(address.lastIndexOf('/') + 1)
    const { status, json } = await ask('GET', `/OperationDefinition/${id}`)
    expect([address, status, json.resourceType]).toEqual([address, 200, 'OperationDefinition'])
    expect(address.startsWith('http://hl7.org/fhir/') ? json.base : json.url).toBe(address)
    const judged = await ask('POST', '/OperationDefinition/$validate', { body: json })
    expect(judged.json.issue.map(({ diagnostics }: { diagnostics: string }) => diagnostics)).toEqual([
      expect.stringContaining('dom-6'),
    ])
  }
  expect((await ask('GET', '/OperationDefinition/not-stated')).status).toBe(404)
})

test('the system has the interactions that are stated, and no others', async () => {
  const codes = statement.rest[0].interaction.map(({ code }) => code)
  expect(codes.toSorted()).toEqual(['batch', 'history-system', 'search-system', 'transaction'])
  for (const type of ['batch', 'transaction'])
    expect((await ask('POST', '/', { body: { resourceType: 'Bundle', type } })).status).toBe(200)
  expect((await ask('GET', '/_history?_count=1')).status).toBe(200)
  expect((await ask('GET', '/?_type=Patient&_id=x')).status).toBe(200)
  for (const method of ['PUT', 'PATCH', 'DELETE']) expect((await ask(method, '/')).status).toBe(405)
  for (const { name } of statement.rest[0].operation) {
    const { headers } = await ask('OPTIONS', `/$${name}`)
    expect([name, headers.Allow]).toEqual([name, expect.stringMatching(/POST/)])
  }
})

test('every compartment that is stated is searched, and no other', async () => {
  for (const url of statement.rest[0].compartment) {
    const name = url.slice(url.lastIndexOf('/') + 1)
    const type = name.charAt(0).toUpperCase() + name.slice(1)
    expect([type, (await ask('GET', `/${type}/1/*?_count=1`)).status]).toEqual([type, 200])
  }
  expect((await ask('GET', '/Group/1/*')).status).toBe(404)
})

test('every format that is stated is taken and given, and no other', async () => {
  const put = (type: string, body: string) =>
    ask('PUT', '/Basic/format', { body, headers: { 'Content-Type': type } })
  const bodies: Readonly<Record<string, string>> = {
    json: '{"resourceType":"Basic","id":"format","code":{"text":"x"}}',
    xml: '<Basic xmlns="http://hl7.org/fhir"><id value="format"/><code><text value="x"/></code></Basic>',
  }
  for (const format of statement.format) {
    const body = bodies[format.replace(/.*\+/, '')] ?? ''
    expect([format, [200, 201].includes((await put(format, body)).status)]).toEqual([format, true])
    const given = await ask('GET', `/Basic/format?_format=${encodeURIComponent(format)}`)
    expect(given.headers['Content-Type']).toContain(`application/fhir+${format.replace(/.*\+/, '')}`)
  }
  for (const format of ['ttl', 'text/turtle', 'application/yaml']) {
    expect((await ask('GET', `/Basic/format?_format=${format}`)).status).toBe(406)
    expect((await put(format, bodies.json ?? '')).status).toBe(415)
  }
})

test('every format of patches that is stated is taken, and no other', async () => {
  const parameters = {
    resourceType: 'Parameters',
    parameter: [
      {
        name: 'operation',
        part: [
          { name: 'type', valueCode: 'replace' },
          { name: 'path', valueString: 'Basic.code.text' },
          { name: 'value', valueString: 'by fhirpath' },
        ],
      },
    ],
  }
  const bodies: Readonly<Record<string, string>> = {
    'application/json-patch+json': '[{"op":"replace","path":"/code/text","value":"by json"}]',
    'application/fhir+json': JSON.stringify(parameters),
    'application/fhir+xml':
      '<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/><part><name value="type"/><valueCode value="replace"/></part><part><name value="path"/><valueString value="Basic.code.text"/></part><part><name value="value"/><valueString value="by xml parameters"/></part></parameter></Parameters>',
    'application/xml-patch+xml':
      '<diff xmlns:f="http://hl7.org/fhir"><replace sel="f:Basic/f:code/f:text/@value">by xml</replace></diff>',
  }
  const patch = (type: string, body = '[]') =>
    ask('PATCH', '/Basic/format', { body, headers: { 'Content-Type': type } })
  for (const type of statement.patchFormat) {
    const { status, text } = await patch(type, bodies[type])
    expect([type, status], text).toEqual([type, 200])
  }
  expect(Object.keys(bodies).toSorted()).toEqual(statement.patchFormat.toSorted())
  expect((await patch('application/merge-patch+json', '{}')).status).toBe(415)
})

test('conditions are heeded as stated', async () => {
  expect(resources()[0]).toMatchObject({
    versioning: 'versioned',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: true,
    conditionalDelete: 'multiple',
  })
  const body = {
    resourceType: 'Flag',
    status: 'active',
    code: { text: 'x' },
    subject: { reference: 'Patient/x' },
    identifier: [{ system: 'urn:f', value: '1' }],
  }
  const criteria = 'identifier=urn:f|1'
  const statusOf = async (...asking: Parameters<typeof ask>) => (await ask(...asking)).status
  expect(await statusOf('PUT', '/Flag/made', { body: { ...body, id: 'made' } })).toBe(201)
  expect(await statusOf('POST', '/Flag', { body, headers: { 'If-None-Exist': criteria } })).toBe(200)
  expect(await statusOf('PUT', `/Flag?${criteria}`, { body: { ...body, status: 'inactive' } })).toBe(200)
  expect(await statusOf('GET', '/Flag/made', { headers: { 'If-None-Match': 'W/"2"' } })).toBe(304)
  expect(
    await statusOf('GET', '/Flag/made', {
      headers: { 'If-Modified-Since': 'Sat, 21 Nov 2099 08:00:00 GMT' },
    }),
  ).toBe(304)
  expect(await statusOf('PUT', '/Flag/second', { body: { ...body, id: 'second' } })).toBe(201)
  expect(await statusOf('DELETE', `/Flag?${criteria}`)).toBe(412)
  expect(await statusOf('DELETE', `/Flag?${criteria}&_count=2`)).toBe(204)
})
