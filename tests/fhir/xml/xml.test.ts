import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fromXml } from '../../../src/fhir/xml/read.ts'
import { toXml } from '../../../src/fhir/xml/write.ts'
import { Failure } from '../../../src/outcome/failure.ts'
import { exactly } from '../exactly.ts'
import { dataFiles } from '../official.ts'
import { sampleOf } from '../sample.ts'

const patient = `{"resourceType":"Patient","id":"p","text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p class=\\"a\\">A &amp; B&nbsp;<br/></p></div>"},
"contained":[{"resourceType":"Organization","id":"o","name":"<O> \\"x\\"\\n2"}],
"extension":[{"url":"http://example.org/e","valueDecimal":1.00}],
"active":true,"name":[{"id":"n","family":"K","given":["A",null,"C"],"_given":[null,{"extension":[{"url":"urn:x","valueCode":"v"}]},{"id":"c"}]}],
"birthDate":"1961-04-02","_birthDate":{"extension":[{"url":"urn:t","valueDateTime":"1961-04-02T01:00:00Z"}]},
"_gender":{"extension":[{"url":"urn:absent","valueCode":"unknown"}]},"multipleBirthInteger":2,
"managingOrganization":{"reference":"#o"}}`

const refusal = (xml: string): { diagnostics: string; expression?: string } => {
  try {
    fromXml(xml)
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.issues[0]) return thrown.issues[0]
  }
  throw new Error('It was not refused.')
}

const fhir = (content: string, type = 'Patient') =>
  `<${type} xmlns="http://hl7.org/fhir">${content}</${type}>`

describe('XML', () => {
  test('has what JSON has, in the order of the definition, ids of elements and urls as attributes', () => {
    const xml = toXml(patient)
    expect(xml).toContain('<Patient xmlns="http://hl7.org/fhir"><id value="p"/><text>')
    expect(xml).toContain('<p class="a">A &amp; B&#160;<br/></p></div>')
    expect(xml).toContain('<name value="&lt;O&gt; &quot;x&quot;&#10;2"/>')
    expect(xml).toContain('<extension url="http://example.org/e"><valueDecimal value="1.00"/></extension>')
    expect(xml).toContain(
      '<name id="n"><family value="K"/><given value="A"/><given><extension url="urn:x"><valueCode value="v"/></extension></given><given id="c" value="C"/></name>',
    )
    expect(xml.indexOf('<gender>')).toBeLessThan(xml.indexOf('<birthDate'))
  })

  test('comes back as it was', () => {
    expect(exactly(fromXml(toXml(patient)))).toEqual(exactly(patient.replace('&nbsp;', '&#160;')))
    expect(exactly(fromXml(toXml(patient, true)))).toEqual(exactly(patient.replace('&nbsp;', '&#160;')))
  })

  test('keeps every digit, and what is no number as a text for validation to judge', () => {
    const of = (value: string) =>
      fromXml(
        fhir(
          `<valueDecimal value="${value}"/>`.replace(/^/, '<extension url="urn:x">').concat('</extension>'),
        ),
      )
    expect(of('1.00')).toContain('"valueDecimal":1.00')
    expect(of('1.0E+2')).toContain('"valueDecimal":1.0E+2')
    expect(of('01')).toContain('"valueDecimal":"01"')
    expect(of('NaN')).toContain('"valueDecimal":"NaN"')
  })

  test('takes comments, declarations, prefixes and a byte order mark', () => {
    const xml =
      '\uFEFF<?xml version="1.0" encoding="UTF-8"?><!-- a --><f:Patient xmlns:f="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"><f:active value="true"/></f:Patient>'
    expect(fromXml(xml)).toBe('{"resourceType":"Patient","active":true}')
  })

  const xhtml = 'http://www.w3.org/1999/xhtml'
  test.each([
    [
      'prefixes of its own',
      `<h:div xmlns:h="${xhtml}"><h:p title="h:p">a<h:br/></h:p></h:div>`,
      `<div xmlns="${xhtml}" xmlns:h="${xhtml}"><p title="h:p">a<br/></p></div>`,
    ],
    [
      'CDATA',
      `<div xmlns="${xhtml}"><![CDATA[a < b & c]]></div>`,
      `<div xmlns="${xhtml}">a &lt; b &amp; c</div>`,
    ],
    [
      'a comment',
      `<div xmlns="${xhtml}">a<!-- <h:b> --></div>`,
      `<div xmlns="${xhtml}">a<!-- <h:b> --></div>`,
    ],
  ])('takes a narrative with %s', (_, div, expected) => {
    const { text } = JSON.parse(fromXml(fhir(`<text><status value="generated"/>${div}</text>`)))
    expect(text.div).toBe(expected)
  })

  test('declares the namespace of a narrative that the document declares', () => {
    const document = `<f:Patient xmlns:f="http://hl7.org/fhir" xmlns="${xhtml}"><f:text><f:status value="generated"/><div>a</div></f:text></f:Patient>`
    expect(JSON.parse(fromXml(document)).text.div).toBe(`<div xmlns="${xhtml}">a</div>`)
  })

  test('has white space around a value only where it means something', () => {
    expect(
      fromXml(fhir('<active value=" true\n"/><name><family value=" K "/></name><birthDate value=" 2000 "/>')),
    ).toBe('{"resourceType":"Patient","active":true,"name":[{"family":" K "}],"birthDate":"2000"}')
  })

  test('is pretty without a change to the narrative', () => {
    expect(toXml('{"resourceType":"Patient","active":true,"name":[{"family":"K"}]}', true)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Patient xmlns="http://hl7.org/fhir">\n  <active value="true"/>\n  <name>\n    <family value="K"/>\n  </name>\n</Patient>',
    )
    expect(toXml(patient, true)).toContain('<p class="a">A &amp; B&#160;<br/></p></div>')
  })

  test('names no entity that XML does not know', () => {
    const div =
      '<div xmlns=\\"http://www.w3.org/1999/xhtml\\">caf&eacute; &amp;&nbsp;&Alpha;&rang; &foo;</div>'
    expect(toXml(`{"resourceType":"Patient","text":{"status":"generated","div":"${div}"}}`)).toContain(
      'caf&#233; &amp;&#160;&#913;&#9002; &amp;foo;</div>',
    )
  })

  test.each([
    ['a DOCTYPE', `<!DOCTYPE Patient [<!ENTITY a "b">]>${fhir('')}`, /DOCTYPE/],
    ['an unknown entity', fhir('<active value="&a;"/>'), /not well-formed.*undefined entity/],
    [
      'a tag that is not closed',
      '<Patient xmlns="http://hl7.org/fhir"><active value="true"/>',
      /not well-formed/,
    ],
    ['nothing', '', /not well-formed/],
    ['no namespace', '<Patient/>', /namespace/],
    ['an unknown type', fhir('', 'Patiant'), /not a resource type/],
    ['an unknown element', fhir('<nmae/>'), /`nmae` is not an element of `Patient`/],
    ['an unknown attribute', fhir('<active value="true" valu="x"/>'), /cannot have the attribute `valu`/],
    ['a value without an element', fhir('true'), /stands between elements/],
    ['an element too late', fhir('<birthDate value="2000"/><active value="true"/>'), /too late/],
    ['an element too often', fhir('<active value="true"/><active value="true"/>'), /more than once/],
    ['an element with nothing', fhir('<active/>'), /neither a value nor an extension/],
    ['an id of a type as an element', fhir('<name><id value="x"/></name>'), /written as an attribute/],
    ['a holder of nothing', fhir('<contained/>'), /holds no resource/],
    ['a narrative that is not XHTML', fhir('<text><status value="generated"/><div/></text>'), /namespace/],
    [
      'something else in a narrative',
      fhir(
        `<text><status value="generated"/><h:div xmlns:h="${'http://www.w3.org/1999/xhtml'}"><p>a</p></h:div></text>`,
      ),
      /`<p>` in the narrative/,
    ],
    [
      'a nesting bomb',
      fhir(`${'<extension url="a">'.repeat(200)}${'</extension>'.repeat(200)}`),
      /deeper than 100/,
    ],
    [
      'a nesting bomb in a narrative',
      fhir(
        `<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">${'<b>'.repeat(200)}${'</b>'.repeat(200)}</div></text>`,
      ),
      /deeper than 100/,
    ],
  ])('with %s is refused', (_, xml, message) => {
    expect(refusal(xml).diagnostics).toMatch(message)
  })

  test('is refused with the place and the expression', () => {
    const { diagnostics, expression } = refusal(
      fhir('\n<name><family value="x"/></name>\n<name><famly/></name>'),
    )
    expect(diagnostics).toContain('`famly`')
    expect(expression).toBe('Patient.name[1].famly')
    expect(refusal(fhir('\n\n<active value="true" x="1"/>')).diagnostics).toMatch(/Line 3/)
  })
})

/** `npm run test:long -- xml` takes all. */
const files = sampleOf(dataFiles('r4-examples'), Number(process.env.XML_EXAMPLES ?? 800), '1')

test.runIf(files.length > 0)(
  'official examples come back from XML as they were',
  () => {
    const wrong = files.filter((file) => {
      const text = readFileSync(file, 'utf8')
      return JSON.stringify(exactly(fromXml(toXml(text)))) !== JSON.stringify(exactly(text))
    })
    expect(wrong).toEqual([])
  },
  600_000,
)
