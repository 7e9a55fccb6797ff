import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)

const xml = { 'Content-Type': 'application/fhir+xml', Accept: 'application/fhir+xml' }
const basic =
  '<Basic xmlns="http://hl7.org/fhir"><id value="x"/><extension url="urn:x"><valueDecimal value="1.00"/></extension><code><text value="b"/></code></Basic>'

describe('XML', () => {
  test('is taken and given, with the digits', async () => {
    const put = await ask('PUT', '/Basic/x', { headers: xml, body: basic })
    expect(put).toMatchObject({
      status: 201,
      headers: { 'Content-Type': 'application/fhir+xml; charset=utf-8', ETag: 'W/"1"' },
    })
    expect(put.text).toContain('<valueDecimal value="1.00"/>')
    expect((await ask('GET', '/Basic/x')).text).toContain('"valueDecimal":1.00')
    expect((await ask('GET', '/Basic/x?_format=xml')).text).toContain('<meta><versionId value="1"/>')
  })

  test('put again as it was read changes nothing', async () => {
    const { text } = await ask('GET', '/Basic/x', { headers: xml })
    expect(await ask('PUT', '/Basic/x', { headers: xml, body: text })).toMatchObject({
      status: 200,
      headers: { ETag: 'W/"1"' },
    })
  })

  test('is what searches, histories, capabilities and refusals are given in', async () => {
    for (const [target, element] of [
      ['/Basic?code:text=b', '<Bundle xmlns="http://hl7.org/fhir">'],
      ['/Basic/x/_history', '<type value="history"/>'],
      ['/metadata', '<CapabilityStatement xmlns'],
      ['/Basic/nobody', '<OperationOutcome xmlns'],
      ['/Nothing', '<OperationOutcome xmlns'],
      ['/Basic?foo=bar', '<OperationOutcome xmlns'],
    ] as const)
      expect((await ask('GET', target, { headers: xml })).text, target).toContain(element)
  })

  test('is what a Bundle may come in', async () => {
    const body = `<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><entry><resource>${basic.replace(' xmlns="http://hl7.org/fhir"', '').replace('<id value="x"/>', '')}</resource><request><method value="POST"/><url value="Basic"/></request></entry></Bundle>`
    const { status, text } = await ask('POST', '/', { headers: xml, body })
    expect(status).toBe(200)
    expect(text).toMatch(/<status value="201 Created"\/><location value="Basic\//)
  })

  test.each([
    ['a DOCTYPE', `<!DOCTYPE x>${basic}`, 400, 'DOCTYPE'],
    ['JSON under its name', '{"resourceType":"Basic"}', 400, 'not well-formed'],
    ['a wrong value', basic.replace('1.00', 'one'), 400, 'Basic.extension[0].value'],
  ])('with %s is refused, and nothing is stored', async (_, body, status, part) => {
    const told = await ask('PUT', '/Basic/refused', {
      headers: xml,
      body: body.replace('"x"', '"refused"'),
    })
    expect(told.status).toBe(status)
    expect(told.text).toContain(part)
    expect((await ask('GET', '/Basic/refused')).status).toBe(404)
  })
})

describe('a body', () => {
  const patient = '{"resourceType":"Patient","name":[{"family":"Müller"}]}'
  const send = (body: string, type: string, bytes = Buffer.byteLength(body)) =>
    ask('POST', '/Patient', { headers: { 'Content-Type': type, 'Content-Length': String(bytes) }, body })

  test.each([
    ['of another character set', patient, 'application/fhir+json; charset=ISO-8859-1', 415, 'UTF-8'],
    [
      'with half a character',
      patient.replace('ü', '\\ud83d'),
      'application/fhir+json',
      400,
      'half a character',
    ],
  ])('%s is refused', async (_, body, type, status, word) => {
    const told = await send(body, type)
    expect([told.status, told.json.issue[0].diagnostics]).toEqual([status, expect.stringContaining(word)])
  })

  test('that was not UTF-8 is refused, so that no letter of it is lost', async () => {
    const spoiled = Buffer.from(patient, 'latin1').toString('utf8')
    const told = await send(spoiled, 'application/fhir+json', Buffer.from(patient, 'latin1').length)
    expect([told.status, told.json.issue[0].diagnostics]).toEqual([400, expect.stringContaining('UTF-8')])
  })

  test.each([
    ['UTF-8 by name', patient, 'application/fhir+json; charset="utf-8"'],
    ['both halves of a character', patient.replace('ü', '\\ud83d\\ude00'), 'application/fhir+json'],
    ['a byte order mark', `\ufeff${patient}`, 'application/json'],
    ['the character for what cannot be read', patient.replace('ü', '\ufffd'), 'application/fhir+json'],
  ])('with %s is taken', async (_, body, type) => {
    expect((await send(body, type)).status).toBe(201)
  })
})

test.each([
  ['application/json', '', 'application/json'],
  ['text/xml;q=0.9, text/plain', '', 'text/xml'],
  ['*/*', '?_format=application/xml', 'application/xml'],
  ['*/*', '?_format=application/xml+fhir', 'application/fhir+xml'],
  ['application/fhir+json', '?_format=xml', 'application/fhir+xml'],
])('who asks by Accept: %s and %s is answered in %s', async (accept, query, type) => {
  for (const target of ['/Basic/x', '/Basic/nobody']) {
    const { headers } = await ask('GET', target + query, { headers: { Accept: accept } })
    expect(headers['Content-Type']).toBe(`${type}; charset=utf-8`)
  }
})

test('a form says what parameters of the URL say, of a search and of an operation', async () => {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const search = await ask('POST', '/Basic/_search', { headers, body: 'code:text=b&_format=xml' })
  expect([search.status, search.text.slice(0, 50)]).toEqual([200, expect.stringContaining('<?xml')])
  const url = 'http://hl7.org/fhir/ValueSet/administrative-gender'
  const expand = await ask('POST', '/ValueSet/$expand', { headers, body: `url=${encodeURIComponent(url)}` })
  expect([expand.status, expand.json.expansion.total]).toEqual([200, 4])
})

describe('what is asked for by parameter', () => {
  test('_pretty puts lines into JSON and XML', async () => {
    expect((await ask('GET', '/Basic/x?_pretty=true')).text).toContain('\n  "id": "x",\n')
    expect((await ask('GET', '/Basic/x?_pretty=true&_format=xml')).text).toContain('\n  <id value="x"/>\n')
    const { status, json } = await ask('GET', '/Basic/x?_pretty=yes')
    expect([status, json.issue[0].diagnostics]).toEqual([
      400,
      '`_pretty` takes `true` or `false`, not `yes`.',
    ])
  })

  test('_summary and _elements cut what is read, searched and listed, and tag it', async () => {
    for (const target of ['/Basic/x?', '/Basic/x/_history/1?', '/Basic?_id=x&', '/Basic/x/_history?']) {
      const summary = await ask('GET', `${target}_summary=true`)
      expect(summary.text, target).toContain('SUBSETTED')
      expect(summary.text, target).not.toMatch(/\D1\.00/)
      expect((await ask('GET', `${target}_elements=extension`)).text, target).toContain('1.00')
      expect((await ask('GET', `${target}_elements=code`)).text, target).not.toMatch(/\D1\.00/)
    }
  })

  test('a part that was read cannot replace the whole', async () => {
    const { text } = await ask('GET', '/Basic/x?_elements=code')
    const put = await ask('PUT', '/Basic/x', { body: text })
    expect(put.status).toBe(422)
    expect(put.json.issue[0].expression).toEqual(['Basic.meta.tag'])
  })

  test.each([
    ['GET', '/Basic/x?_summary=some', 400],
    ['GET', '/Basic/x?_elements=colour', 400],
    ['GET', '/Basic/x?__t=0', 200],
    ['GET', '/Basic/x/_history/1?foo=bar', 200],
    ['GET', '/Basic/x/_history?foo=bar', 400],
    ['DELETE', '/Basic/x?foo=bar', 400],
    ['GET', '/Basic/x?_format=ttl', 406],
  ])('%s %s is answered with %i', async (method, target, status) => {
    expect((await ask(method, target)).status).toBe(status)
  })

  test.each([
    ['/Basic/x?__t=0', 'strict', 400],
    ['/Basic/x?__t=0', 'lenient', 200],
    ['/Basic/x/_history/1?foo=bar', 'strict', 400],
    ['/Basic/x?_summary=true', 'strict', 200],
  ])('%s is read with handling=%s', async (target, handling, status) => {
    expect((await ask('GET', target, { headers: { Prefer: `handling=${handling}` } })).status).toBe(status)
  })

  test.each(['deceasedBoolean', 'deceased[x]', 'deceased', 'Patient.deceased[x]', 'birthDate,,deceased,'])(
    '_elements=%s keeps a choice, by whichever name',
    async (elements) => {
      const body = { resourceType: 'Patient', id: 'choice', deceasedBoolean: true, gender: 'other' }
      await ask('PUT', '/Patient/choice', { body })
      for (const target of ['/Patient/choice?', '/Patient?_id=choice&']) {
        const { status, text } = await ask('GET', `${target}_elements=${encodeURIComponent(elements)}`)
        expect(status).toBe(200)
        expect(text).toContain('"deceasedBoolean":true')
        expect(text).not.toContain('gender')
      }
    },
  )
})
