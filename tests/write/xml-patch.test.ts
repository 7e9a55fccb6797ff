import { expect, test } from 'vitest'
import { xmlPatcher } from '../../src/write/patch/xml-patch.ts'

const patient =
  '{"resourceType":"Patient","id":"p","text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">a &lt; b<br/></div>"},"extension":[{"url":"urn:x","valueDecimal":1.00}],"active":true,"name":[{"family":"K"},{"use":"official","family":"L","given":["A"]}],"birthDate":"1961-04-02"}'

const diff = (...operations: string[]) => `<diff xmlns:f="http://hl7.org/fhir">${operations.join('')}</diff>`
const patched = (...operations: string[]) => {
  const text = xmlPatcher(diff(...operations))(patient)
  expect(text).toContain('"valueDecimal":1.00')
  expect(text).toContain('a &lt; b<br/></div>')
  return JSON.parse(text)
}

test('replaces and removes attributes and elements', () => {
  const changed = patched(
    '<replace sel="f:Patient/f:birthDate/@value">1962-01-01</replace>',
    '<replace sel="/Patient/name[2]/given"><given xmlns="http://hl7.org/fhir" value="B"/></replace>',
    '<remove sel="f:Patient/f:name[1]"/>',
    '<remove sel="Patient/active"/>',
  )
  expect(changed).toMatchObject({ birthDate: '1962-01-01', name: [{ family: 'L', given: ['B'] }] })
  expect(changed).not.toHaveProperty('active')
})

test('adds elements where it is told, and attributes', () => {
  const changed = patched(
    '<add sel="Patient/birthDate" pos="before"><gender value="female"/></add>',
    '<add sel="Patient/name[use/@value=\'official\']"><given value="C"/></add>',
    '<add sel="Patient/name[1]" type="@id">n</add>',
    '<add sel="Patient/name[1]" pos="prepend"><text value="Kay"/></add>',
  )
  expect(changed.gender).toBe('female')
  expect(changed.name).toEqual([
    { id: 'n', text: 'Kay', family: 'K' },
    { use: 'official', family: 'L', given: ['A', 'C'] },
  ])
})

test('reads prefixes as they are declared, CDATA as text, and adds text to a narrative', () => {
  const xhtml = 'xmlns:h="http://www.w3.org/1999/xhtml"'
  const changed = patched(
    '<replace sel="f:Patient/f:birthDate/@value"><![CDATA[1963]]></replace>',
    `<add ${xhtml} sel="f:Patient/f:text/h:div" pos="prepend">so <h:b>bold</h:b></add>`,
  )
  expect(changed.birthDate).toBe('1963')
  expect(changed.text.div).toContain('so <b>bold</b>a &lt; b')
})

test.each([
  [
    'selects in another namespace',
    '<remove xmlns:q="urn:q" sel="q:Patient/q:birthDate"/>',
    /nothing at its `sel`/,
  ],
  ['has an undeclared prefix', '<remove sel="z:Patient"/>', /prefix `z` is not declared/],
  [
    'adds in another namespace',
    '<add sel="Patient"><q:active xmlns:q="urn:q"/></add>',
    /not in the namespace/,
  ],
  ['adds to an unknown place', '<add sel="Patient/birthDate" pos="inside"><x/></add>', /`pos` `inside`/],
  ['adds a namespace', '<add sel="Patient" type="namespace::x">urn:x</add>', /`type` `namespace::x`/],
  ['adds nothing', '<add sel="Patient"/>', /nothing to add/],
  ['adds to an attribute', '<add sel="Patient/birthDate/@value">1</add>', /to an attribute/],
  ['removes an attribute that is not there', '<remove sel="Patient/birthDate/@id"/>', /nothing at its `sel`/],
  ['selects nothing', '<remove sel="Patient/gender"/>', /Operation 0.*nothing at its `sel`/],
  ['selects several', '<remove sel="Patient/name"/>', /leads to 2 elements/],
  ['is not understood', '<remove sel="Patient/name[last()]"/>', /not understood/],
  ['puts an element too late', '<add sel="Patient"><active value="true"/></add>', /too late/],
  ['has no sel', '<remove/>', /needs `sel`/],
  ['has another kind', '<paint sel="Patient"/>', /it may be add, replace, remove/],
])('that %s is refused', (_, operation, message) => {
  expect(() => patched(operation)).toThrow(message)
})

test.each([
  ['<a/>', /An XML Patch is a `<diff>`/],
  ['<!DOCTYPE a><diff/>', /DOCTYPE/],
  ['{}', /not well-formed/],
])('%s is no patch', (text, message) => {
  expect(() => xmlPatcher(text)).toThrow(message)
})
