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

describe('what is asked for by parameter', () => {
  test('_pretty puts lines into JSON and XML', async () => {
    expect((await ask('GET', '/Basic/x?_pretty=true')).text).toContain('\n  "id": "x",\n')
    expect((await ask('GET', '/Basic/x?_pretty=true&_format=xml')).text).toContain('\n  <id value="x"/>\n')
  })

  test('_summary and _elements cut what is read, searched and listed, and tag it', async () => {
    for (const target of ['/Basic/x?', '/Basic/x/_history/1?', '/Basic?_id=x&', '/Basic/x/_history?']) {
      const summary = await ask('GET', `${target}_summary=true`)
      expect(summary.text, target).toContain('SUBSETTED')
      expect(summary.text, target).not.toContain('1.00')
      expect((await ask('GET', `${target}_elements=extension`)).text, target).toContain('1.00')
      expect((await ask('GET', `${target}_elements=code`)).text, target).not.toContain('1.00')
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
    ['GET', '/Basic/x?foo=bar', 400],
    ['GET', '/Basic/x/_history/1?foo=bar', 400],
    ['GET', '/Basic/x/_history?foo=bar', 400],
    ['DELETE', '/Basic/x?foo=bar', 400],
    ['GET', '/Basic/x?_format=ttl', 406],
  ])('%s %s is answered with %i', async (method, target, status) => {
    expect((await ask(method, target)).status).toBe(status)
  })
})
