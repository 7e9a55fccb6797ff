import { expect, test } from 'vitest'
import { fhirPathPatcher } from '../../src/write/patch/fhirpath-patch.ts'
import { jsonPatcher } from '../../src/write/patch/json-patch.ts'
import type { Patcher } from '../../src/write/patch/patcher.ts'
import { xmlPatcher } from '../../src/write/patch/xml-patch.ts'
import cases from '../cases/emptied.json' with { type: 'json' }

const deletion = (path: string) => ({
  name: 'operation',
  part: [
    { name: 'type', valueCode: 'delete' },
    { name: 'path', valueString: path },
  ],
})

const kinds = {
  fhirpath: (paths: readonly string[]) =>
    fhirPathPatcher(JSON.stringify({ resourceType: 'Parameters', parameter: paths.map(deletion) })),
  json: (paths: readonly string[]) =>
    jsonPatcher(JSON.stringify(paths.map((path) => ({ op: 'remove', path })))),
  xml: (paths: readonly string[]) =>
    xmlPatcher(`<diff>${paths.map((path) => `<remove sel="${path}"/>`).join('')}</diff>`),
} satisfies Record<string, (paths: readonly string[]) => Patcher>

const all = cases.flatMap((each) =>
  (['fhirpath', 'json', 'xml'] as const).map((kind) => ({ ...each, kind, paths: each[kind] })),
)

test.each(all)('a $kind patch that takes $takes leaves no empty element', ({ kind, paths, from, leaves }) => {
  const patient = { resourceType: 'Patient', id: 'p', ...from }
  const made = JSON.parse(kinds[kind](paths)(JSON.stringify(patient)))
  expect(made).toEqual({ resourceType: 'Patient', id: 'p', ...leaves })
})

test('an element that is emptied and filled again stays where it is', () => {
  const text = '{"resourceType":"Patient","name":[{"family":"K"},{"family":"L"}]}'
  const json = jsonPatcher(
    JSON.stringify([
      { op: 'remove', path: '/name/0/family' },
      { op: 'add', path: '/name/0/text', value: 'T' },
    ]),
  )
  const fhirPath = fhirPathPatcher(
    JSON.stringify({
      resourceType: 'Parameters',
      parameter: [
        deletion('Patient.name[0].family'),
        {
          name: 'operation',
          part: [
            { name: 'type', valueCode: 'add' },
            { name: 'path', valueString: 'Patient.name[0]' },
            { name: 'name', valueString: 'text' },
            { name: 'value', valueString: 'T' },
          ],
        },
      ],
    }),
  )
  for (const patcher of [json, fhirPath])
    expect(JSON.parse(patcher(text)).name).toEqual([{ text: 'T' }, { family: 'L' }])
})

test('what was empty before a patch stays for validation to refuse', () => {
  const patcher = jsonPatcher('[{"op":"add","path":"/maritalStatus","value":{}}]')
  expect(JSON.parse(patcher('{"resourceType":"Patient"}'))).toEqual({
    resourceType: 'Patient',
    maritalStatus: {},
  })
})

const divs = [
  'Patient.text.div',
  "Patient.text.where(status = 'generated').div",
  'Patient.text.descendants()[1]',
]
test.each(divs)('a FHIRPath Patch replaces a narrative at `%s`', (path) => {
  const div = (text: string) => `<div xmlns="http://www.w3.org/1999/xhtml">${text}</div>`
  const patient = { resourceType: 'Patient', text: { status: 'generated', div: div('a') } }
  const operation = {
    name: 'operation',
    part: [
      { name: 'type', valueCode: 'replace' },
      { name: 'path', valueString: path },
      { name: 'value', valueString: div('b') },
    ],
  }
  const patcher = fhirPathPatcher(JSON.stringify({ resourceType: 'Parameters', parameter: [operation] }))
  expect(JSON.parse(patcher(JSON.stringify(patient))).text.div).toBe(div('b'))
})
