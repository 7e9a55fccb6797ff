import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeBody, encodeBody, longestInlineBody } from '../../src/store/objects/body.ts'
import { eventOf, type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const png = Buffer.from('89504e470d0a1a0a0000', 'hex')

const send = (method: string, target: string, bytes: Buffer, headers: Record<string, string>) =>
  server.send({
    ...eventOf(method, target, { body: bytes.toString('base64'), headers }),
    isBase64Encoded: true,
  })

const any = { Accept: '*/*' }
const wrapper = { Accept: 'application/fhir+json' }

test('stores content under its own type, and tells no more than where', async () => {
  const told = await send('POST', '/Binary', png, { 'Content-Type': 'image/png', Accept: '*/*' })
  expect([told.status, told.text]).toEqual([201, ''])
  const id = told.headers.Location?.split('/').at(-3)
  const { json } = await server.ask('GET', `/Binary/${id}`, { headers: wrapper })
  expect(json).toMatchObject({ id, contentType: 'image/png', data: png.toString('base64') })
})

test.each([
  ['application/fhir+json, */*; q=0.1', 'POST', '/Binary'],
  ['application/fhir+json', 'PUT', '/Binary/named'],
  ['application/json', 'POST', '/Binary'],
  ['text/html, application/json;q=0.9', 'POST', '/Binary'],
])('answers who accepts `%s` at %s %s with the resource without its data', async (Accept, method, target) => {
  const told = await send(method, target, png, { 'Content-Type': 'image/png', Accept })
  expect(told.status).toBe(201)
  const { data, ...rest } = JSON.parse(told.text)
  expect([data, rest.resourceType, rest.contentType]).toEqual([undefined, 'Binary', 'image/png'])
  expect(rest.meta.tag[0].code).toBe('SUBSETTED')
  expect(told.headers.Location).toContain(`/Binary/${rest.id}/_history/1`)
  const { json } = await server.ask('GET', `/Binary/${rest.id}`, { headers: wrapper })
  expect([json.data, json.meta.tag]).toEqual([png.toString('base64'), undefined])
})

test('answers a native write in XML where that is accepted, and in full where that is preferred', async () => {
  const headers = { 'Content-Type': 'image/png', Accept: 'application/fhir+xml' }
  const xml = await send('POST', '/Binary', png, headers)
  expect(xml.text).toContain('<contentType value="image/png"/>')
  expect(xml.text).not.toContain('<data')
  const full = await send('POST', '/Binary', png, {
    'Content-Type': 'image/png',
    ...wrapper,
    Prefer: 'return=representation',
  })
  expect(JSON.parse(full.text).data).toBe(png.toString('base64'))
  const none = await send('POST', '/Binary', png, {
    'Content-Type': 'image/png',
    ...wrapper,
    Prefer: 'return=minimal',
  })
  expect(none.text).toBe('')
})

test('serves the content unless FHIR is named, so that nothing in it can run', async () => {
  await send('PUT', '/Binary/p', png, { 'Content-Type': 'image/png', 'X-Security-Context': 'Patient/1' })
  for (const accept of [
    '*/*',
    'image/png',
    'text/html,application/xhtml+xml,*/*;q=0.8',
    'application/json',
    'application/xml',
  ]) {
    const { status, headers, text } = await server.ask('GET', '/Binary/p', { headers: { Accept: accept } })
    expect([status, headers['Content-Type'], text]).toEqual([200, 'image/png', png.toString('base64')])
    expect(headers).toMatchObject({
      ETag: 'W/"1"',
      'Content-Disposition': 'inline; filename="p"',
      'Content-Security-Policy': "sandbox; default-src 'none'",
      'X-Content-Type-Options': 'nosniff',
      'X-Security-Context': 'Patient/1',
    })
  }
})

test.each([
  ['/Binary/p', { Accept: 'application/fhir+xml' }, '<Binary'],
  ['/Binary/p?_format=json', { Accept: '*/*' }, '{"resourceType":"Binary"'],
  ['/Binary/p?_summary=true', { Accept: '*/*' }, '{"resourceType":"Binary"'],
])('serves the wrapper where it is asked for: %s %j', async (target, headers, beginning) => {
  expect((await server.ask('GET', target, { headers })).text).toContain(beginning)
})

test('keeps versions, conditions and deletions as of every type', async () => {
  const put = (text: string, headers = {}) =>
    server.ask('PUT', '/Binary/v', { body: text, headers: { 'Content-Type': 'text/csv', ...headers } })
  expect((await put('a,b')).status).toBe(201)
  expect((await put('ü,d', { 'If-Match': 'W/"1"' })).status).toBe(200)
  expect((await put('e,f', { 'If-Match': 'W/"1"' })).status).toBe(412)
  const first = await server.ask('GET', '/Binary/v/_history/1', { headers: { Accept: 'text/csv' } })
  const second = await server.ask('GET', '/Binary/v', { headers: { Accept: 'text/csv' } })
  expect([first, second].map(({ text }) => Buffer.from(text, 'base64').toString())).toEqual(['a,b', 'ü,d'])
  expect(second.headers['Content-Disposition']).toBe('attachment; filename="v"')
  const same = { Accept: '*/*', 'If-None-Match': 'W/"2"' }
  expect((await server.ask('GET', '/Binary/v', { headers: same })).status).toBe(304)
  expect((await server.ask('HEAD', '/Binary/v')).text).toBe('')
  expect((await server.ask('DELETE', '/Binary/v')).status).toBe(204)
  const gone = await server.ask('GET', '/Binary/v', { headers: { Accept: 'text/csv' } })
  expect([gone.status, gone.json.resourceType]).toEqual([410, 'OperationOutcome'])
})

test('takes FHIR that is no Binary for content, and a Binary for itself', async () => {
  const patient = '{"resourceType":"Patient","active":true}'
  await server.ask('PUT', '/Binary/f', { body: patient })
  const { json } = await server.ask('GET', '/Binary/f', { headers: wrapper })
  expect(Buffer.from(json.data, 'base64').toString()).toBe(patient)
  const binary = { resourceType: 'Binary', id: 'g', contentType: 'text/plain', data: 'YQ==' }
  const put = await server.ask('PUT', '/Binary/g', { body: binary })
  expect([put.status, put.json.data]).toEqual([201, 'YQ=='])
})

test('leaves content that is gzip as it is', async () => {
  const bytes = gzipSync('a')
  await send('PUT', '/Binary/z', bytes, { 'Content-Type': 'application/gzip' })
  expect((await server.ask('GET', '/Binary/z', { headers: any })).text).toBe(bytes.toString('base64'))
})

test.each([
  ['no content', '', 'malformed'],
  ['text that was not UTF-8', 'caf\ufffd', 'media-type'],
])('refuses %s', async (_, body, kind) => {
  const told = await server.ask('POST', '/Binary', { body, headers: { 'Content-Type': 'text/plain' } })
  expect(told.json.issue[0].details.coding[0].code).toBe(kind)
})

test('keeps a type that would break its header out of the headers', async () => {
  const body = { resourceType: 'Binary', id: 'h', contentType: 'text/html\nX-Evil:1', data: 'YQ==' }
  expect((await server.ask('PUT', '/Binary/h', { body })).status).toBe(201)
  const { headers } = await server.ask('GET', '/Binary/h', { headers: any })
  expect(headers['Content-Type']).toBe('application/octet-stream')
})

test('stores long base64 as the bytes that it stands for', () => {
  const bytes = Buffer.alloc(3_000_000, 'pixel')
  const text = `{"id":"ü", "resourceType":"Binary","data" : "${bytes.toString('base64')}","contentType":"a/b"}`
  const body = encodeBody(text)
  expect(body.length).toBeGreaterThan(longestInlineBody)
  expect(body.length).toBeLessThan(bytes.length + 200)
  expect(decodeBody(body)).toBe(text)
  const broken = text.replace('=","', '!","')
  expect(decodeBody(encodeBody(broken))).toBe(broken)
})

test('tells a wrapper from content, however many comments come before', async () => {
  const comments = '<!---->'.repeat(5000)
  const xml = { 'Content-Type': 'application/xml', Prefer: 'return=representation' }
  const binary = '<f:Binary xmlns:f="http://hl7.org/fhir"><f:contentType value="text/csv"/></f:Binary>'
  const wrapped = await server.ask('POST', '/Binary', { headers: xml, body: `${comments} ${binary}` })
  expect(wrapped.json.contentType).toBe('text/csv')
  const content = await server.ask('POST', '/Binary', { headers: xml, body: `${comments}<a/>` })
  expect(content.json.contentType).toBe('application/xml')
})
