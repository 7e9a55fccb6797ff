import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toXml } from '../../src/fhir/xml/write.ts'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)

const wrong = 'urn:a\u0001b'
const bad = (id?: string) => ({
  resourceType: 'Patient',
  ...(id && { id }),
  extension: [{ url: wrong, valueBoolean: true }],
})
const good = (id: string) => ({ resourceType: 'Patient', id, active: true })
const bundle = (type: string, ...entry: object[]) => ({ resourceType: 'Bundle', type, entry })
const entry = (resource: object, method: string, url: string) => ({ resource, request: { method, url } })
const parameters = (...parameter: object[]) => ({ resourceType: 'Parameters', parameter })
const impossible = /[^\t\n\r\u0020-\ufffd]|&#x?0*1;/

/** Each way by which something could be stored, with what answers it. */
const ways: [way: string, request: () => ReturnType<typeof ask>, status: number][] = [
  ['a create', () => ask('POST', '/Patient', { body: bad() }), 400],
  ['an update', () => ask('PUT', '/Patient/c', { body: bad('c') }), 400],
  [
    'a transaction',
    () => ask('POST', '/', { body: bundle('transaction', entry(bad(), 'POST', 'Patient')) }),
    400,
  ],
  [
    'a JSON Patch',
    () =>
      ask('PATCH', '/Patient/c', {
        body: [{ op: 'add', path: '/extension', value: [{ url: wrong, valueBoolean: true }] }],
        headers: { 'content-type': 'application/json-patch+json' },
      }),
    400,
  ],
  [
    'a FHIRPath Patch',
    () =>
      ask('PATCH', '/Patient/c', {
        body: parameters({
          name: 'operation',
          part: [
            { name: 'type', valueCode: 'add' },
            { name: 'path', valueString: 'Patient' },
            { name: 'name', valueString: 'implicitRules' },
            { name: 'value', valueUri: wrong },
          ],
        }),
        headers: { 'content-type': 'application/fhir+json' },
      }),
    400,
  ],
  [
    'an XML Patch',
    () =>
      ask('PATCH', '/Patient/c', {
        body: '<diff><add sel="Patient"><language value="a&#1;"/></add></diff>',
        headers: { 'content-type': 'application/xml-patch+xml' },
      }),
    400,
  ],
  [
    'XML',
    () =>
      ask('POST', '/Patient', {
        body: '<Patient xmlns="http://hl7.org/fhir"><language value="a&#1;"/></Patient>',
        headers: { 'content-type': 'application/fhir+xml' },
      }),
    400,
  ],
  [
    '$meta-add',
    () =>
      ask('POST', '/Patient/c/$meta-add', {
        body: parameters({ name: 'meta', valueMeta: { profile: [wrong] } }),
      }),
    400,
  ],
  [
    'Parameters of an operation',
    () =>
      ask('POST', '/ValueSet/$validate-code', {
        body: parameters({ name: 'url', valueUri: 'urn:x' }, { name: 'code', valueCode: 'a\u000b' }),
      }),
    400,
  ],
  [
    'a code of inline terminology',
    () =>
      ask('POST', '/ValueSet/$expand', {
        body: parameters({
          name: 'valueSet',
          resource: {
            resourceType: 'ValueSet',
            status: 'active',
            compose: { include: [{ system: 'urn:x', concept: [{ code: 'a\ufffe' }] }] },
          },
        }),
      }),
    400,
  ],
  ['a parameter of a search', () => ask('GET', '/Patient?name=a%01'), 400],
  ['a parameter of an operation', () => ask('GET', '/ValueSet/$validate-code?url=urn:x&code=a%01'), 400],
  [
    'a name of a parameter',
    () => ask('GET', '/Patient?na%01me=a', { headers: { prefer: 'handling=lenient' } }),
    400,
  ],
  ['an id in an address', () => ask('GET', '/Patient/a%01'), 400],
]

describe('a character that XML cannot hold', () => {
  test.each(ways)('is refused in %s, and not echoed', async (_, request, status) => {
    await ask('PUT', '/Patient/c', { body: good('c') })
    const told = await request()
    expect([told.status, told.text]).toEqual([status, expect.stringContaining('OperationOutcome')])
    expect(JSON.parse(told.text).issue[0].diagnostics).not.toMatch(impossible)
    const { json } = await ask('GET', '/Patient/c')
    expect(JSON.stringify(json)).not.toContain('\\u00')
  })

  test('is refused in one entry of a batch, and the others are done', async () => {
    const body = bundle('batch', entry(bad(), 'POST', 'Patient'), entry(good('d'), 'PUT', 'Patient/d'))
    const { json } = await ask('POST', '/', { body })
    const statuses = json.entry.map((each: { response: { status: string } }) =>
      each.response.status.slice(0, 3),
    )
    expect(statuses).toEqual(['400', '201'])
  })

  test('is told by $validate, at its place, in XML that can be read', async () => {
    const told = await ask('POST', '/Patient/$validate', {
      body: bad(),
      headers: { accept: 'application/fhir+xml' },
    })
    expect(told.status).toBe(200)
    expect(told.text).toContain('Patient.extension[0].url')
    expect(told.text).not.toMatch(impossible)
  })

  test('is never written in XML, whatever was stored before it was refused', () => {
    const stored = {
      resourceType: 'Patient',
      text: { status: 'generated', div: '<div>a\u0001 &#1; &#xFFFE; &#65; &amp;</div>' },
      extension: [{ url: wrong, valueString: 'a\uffff' }],
    }
    const xml = toXml(JSON.stringify(stored))
    expect(xml).not.toMatch(/[^\t\n\r\u0020-\ufffd]|&#1;|&#xFFFE;/)
    expect(xml).toContain('&#65; &amp;')
    expect(xml).toContain('url="urn:a\ufffdb"')
  })
})
