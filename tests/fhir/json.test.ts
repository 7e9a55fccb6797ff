import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bundleEntryTexts, spliceMeta, topLevelMembers } from '../../src/fhir/json/splice.ts'

const stamp = { id: 'a', versionId: '2', lastUpdated: '2024-01-01T00:00:00.000Z' }
const meta = '"versionId":"2","lastUpdated":"2024-01-01T00:00:00.000Z"'

test('inserts id and meta after resourceType', () => {
  expect(spliceMeta('{"resourceType":"Patient","active":true}', stamp)).toBe(
    `{"resourceType":"Patient","id":"a","meta":{${meta}},"active":true}`,
  )
})

test('inserts into a resource that has nothing but its type', () => {
  expect(spliceMeta(' { "resourceType" : "Patient" } ', stamp)).toBe(
    ` { "resourceType" : "Patient","id":"a","meta":{${meta}} } `,
  )
})

test('inserts what is missing wherever resourceType stands', () => {
  expect(spliceMeta('{"active":true,"resourceType":"Patient","id":"old"}', stamp)).toBe(
    `{"active":true,"resourceType":"Patient","meta":{${meta}},"id":"a"}`,
  )
})

test('keeps the texts of profile, tag, security and extension', () => {
  const rest =
    '"profile" : [ "http://x|1" ],"tag":[{"code":"\\u0041"}],"extension":[{"url":"u","valueDecimal":1.00}]'
  const text = `{"resourceType":"Patient","id":"b","meta":{ ${rest} },"x":1.00}`
  expect(spliceMeta(text, stamp)).toBe(
    `{"resourceType":"Patient","id":"a","meta":{${meta}, ${rest} },"x":1.00}`,
  )
})

test('replaces versionId and lastUpdated in place', () => {
  const text = '{"resourceType":"Patient","meta":{"lastUpdated":"1","source":"s","versionId":"9"},"id":"b"}'
  expect(spliceMeta(text, stamp)).toBe(
    '{"resourceType":"Patient","meta":{"lastUpdated":"2024-01-01T00:00:00.000Z","source":"s","versionId":"2"},"id":"a"}',
  )
})

test('fills an empty meta and replaces one that is no object', () => {
  expect(JSON.parse(spliceMeta('{"resourceType":"Patient","meta":{}}', stamp)).meta.versionId).toBe('2')
  expect(JSON.parse(spliceMeta('{"resourceType":"Patient","meta":null}', stamp)).meta.versionId).toBe('2')
})

test('splicing changes id and meta and nothing else of any object', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue())
  const meta = fc.option(fc.dictionary(fc.string(), fc.jsonValue()), { nil: undefined })
  fc.assert(
    fc.property(object, meta, fc.constantFrom(undefined, 1, 3), (fields, metaIn, indent) => {
      const resource = { ...fields, resourceType: 'Patient', ...(metaIn && { meta: metaIn }) }
      const spliced = JSON.parse(spliceMeta(JSON.stringify(resource, null, indent), stamp))
      const expected = JSON.parse(JSON.stringify(resource))
      const { id, versionId, lastUpdated } = stamp
      const metaOut = { ...(metaIn ?? expected.meta), versionId, lastUpdated }
      expect(spliced).toEqual({ ...expected, id, meta: JSON.parse(JSON.stringify(metaOut)) })
    }),
  )
})

test('splicing the same stamp twice changes nothing', () => {
  const once = spliceMeta('{"resourceType":"Patient","active":true}', stamp)
  expect(spliceMeta(once, stamp)).toBe(once)
})

test('of a repeated name the last one counts', () => {
  const spliced = spliceMeta('{"resourceType":"Patient","id":"x","id":"y"}', stamp)
  expect(JSON.parse(spliced).id).toBe('a')
})

test('reads escaped names and values that hold brackets and quotes', () => {
  const text = '{"\\u0069d":"a\\\\\\"}]","b":[{"c":"]"}],"d":-1.5e3,"e":null}'
  const members = topLevelMembers(text)
  expect(members.map((member) => [member.name, text.slice(member.valueStart, member.valueEnd)])).toEqual([
    ['id', '"a\\\\\\"}]"'],
    ['b', '[{"c":"]"}]'],
    ['d', '-1.5e3'],
    ['e', 'null'],
  ])
})

test('returns each entry of a bundle as its client wrote it', () => {
  const entries = '{"fullUrl":"u","resource": {"resourceType":"Observation","v":1.00} },{"request":{}}'
  const text = `{"resourceType":"Bundle", "entry" : [ ${entries} ] }`
  expect(bundleEntryTexts(text)).toEqual(['{"resourceType":"Observation","v":1.00}', undefined])
  expect(bundleEntryTexts('{"resourceType":"Bundle"}')).toEqual([])
  expect(bundleEntryTexts('{"resourceType":"Bundle","entry":[]}')).toEqual([])
})
