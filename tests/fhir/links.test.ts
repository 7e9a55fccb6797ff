import { expect, test } from 'vitest'
import { type LinkPlace, rewriteLinks } from '../../src/fhir/links.ts'

const old = 'urn:uuid:0'
const renamed = (link: string) => (link === old ? 'Patient/1' : undefined)
const observation = (members: string) => `{ "resourceType":"Observation", ${members} }`

test.each([
  ['a reference', '"subject":{"reference":"OLD"}'],
  ['references in a list', '"performer":[{"display":"x"}, {"reference" : "OLD"}]'],
  ['a reference in an extension', '"extension":[{"url":"u","valueReference":{"reference":"OLD"}}]'],
  ['a uri in an extension', '"extension":[{"url":"u","valueUri":"OLD"}]'],
  ['a url in an extension of a primitive', '"_status":{"extension":[{"url":"u","valueUrl":"OLD"}]}'],
  [
    'an extension of an item of a primitive list',
    '"_instantiates":[null,{"extension":[{"url":"u","valueUuid":"OLD"}]}]',
  ],
  [
    'a contained resource',
    '"contained":[{"id":"c","resourceType":"Encounter","subject":{"reference":"OLD"}}]',
  ],
  ['a link in the narrative', '"text":{"div":"<div><a class=\\"c\\" href=\\"OLD\\">x</a></div>"}'],
  ['an image in the narrative', '"text":{"div":"<div><img src=\'OLD\'/></div>"}'],
])('rewrites %s', (_, members) => {
  const text = observation(`"valueDecimal":1.00, ${members}`)
  const expected = text.replaceAll('OLD', 'Patient/1')
  expect(rewriteLinks(text.replaceAll('OLD', old), renamed)).toBe(expected)
})

test.each([
  ['a plain string', '"valueString":"OLD"'],
  ['a canonical', '"meta":{"profile":["OLD"]}'],
  ['a string of the same name elsewhere', '"note":[{"text":"OLD"}]'],
  ['an unknown element', '"foo":{"reference":"OLD"}'],
  ['an identifier value', '"identifier":[{"value":"OLD"}]'],
  ['text in the narrative', '"text":{"div":"<div>OLD</div>"}'],
  ['a reference that is no string', '"subject":{"reference":["OLD"]}'],
  ['a longer link', '"subject":{"reference":"OLD1"}'],
])('leaves %s', (_, members) => {
  const text = observation(members).replaceAll('OLD', old)
  expect(rewriteLinks(text, renamed)).toBe(text)
})

test('shows each link decoded, with its place', () => {
  const links: [string, LinkPlace][] = []
  const text = observation(
    '"text":{"div":"<a href=\\"P?a=1&amp;b=2\\"/>"},"subject":{"reference":"Patient\\/1"},"instantiatesUri":"x","identifier":[{"system":"u"}]',
  )
  rewriteLinks(text, (link, place) => {
    links.push([link, place])
    return undefined
  })
  expect(links).toEqual([
    ['P?a=1&b=2', 'narrative'],
    ['Patient/1', 'reference'],
    ['u', 'uri'],
  ])
})
