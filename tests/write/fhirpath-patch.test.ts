import { describe, expect, test } from 'vitest'
import { Failure } from '../../src/outcome/failure.ts'
import { fhirPathPatcher } from '../../src/write/patch/fhirpath-patch.ts'

const patient = `{"resourceType":"Patient","id":"p","extension":[{"url":"urn:x","valueDecimal":1.00}],
"name":[{"use":"usual","family":"K","given":["A","B"],"_given":[null,{"id":"b"}]},{"use":"official","family":"L"}],
"birthDate":"1961-04-02","_birthDate":{"id":"d"},"contact":[{"name":{"family":"C"}}],"deceasedBoolean":false}`

type Value = Record<string, unknown>
const part = (name: string, value: Value) => ({ name, ...value })
const operation = (type: string, path: string, ...parts: Value[]) => ({
  name: 'operation',
  part: [part('type', { valueCode: type }), part('path', { valueString: path }), ...parts],
})
const named = (name: string) => part('name', { valueString: name })
const value = (of: Value) => part('value', of)
const number = (name: string, of: number) => part(name, { valueInteger: of })
const patch = (...operations: Value[]): string =>
  JSON.stringify({ resourceType: 'Parameters', parameter: operations })

const changedBy = (...operations: Value[]) => {
  const text = fhirPathPatcher(patch(...operations))(patient)
  expect(text).toContain('"valueDecimal":1.00')
  return JSON.parse(text)
}

const why = (...operations: Value[]): string => {
  try {
    fhirPathPatcher(patch(...operations))(patient)
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.message
  }
  throw new Error('It was not refused.')
}

describe('a FHIRPath Patch', () => {
  test('adds to a list, and an element that is not there', () => {
    const changed = changedBy(
      operation('add', 'Patient', named('identifier'), value({ valueIdentifier: { value: '1' } })),
      operation('add', 'Patient', named('gender'), value({ valueCode: 'female' })),
      operation('add', 'Patient.name[1]', named('given'), value({ valueString: 'Z' })),
    )
    expect(changed).toMatchObject({ identifier: [{ value: '1' }], gender: 'female' })
    expect(changed.name[1].given).toEqual(['Z'])
  })

  test('adds a choice by its name, and what is put together of parts', () => {
    const contact = value({
      part: [
        part('name', { valueHumanName: { family: 'D' } }),
        part('telecom', { valueContactPoint: { system: 'phone', value: '1' } }),
        part('telecom', { valueContactPoint: { system: 'phone', value: '2' } }),
      ],
    })
    const changed = changedBy(
      operation('add', 'Patient', named('multipleBirth'), value({ valueInteger: 2 })),
      operation('add', 'Patient', named('contact'), contact),
    )
    expect(changed.multipleBirthInteger).toBe(2)
    expect(changed.contact[1]).toEqual({
      name: { family: 'D' },
      telecom: [
        { system: 'phone', value: '1' },
        { system: 'phone', value: '2' },
      ],
    })
  })

  test('inserts, deletes and moves, ids and extensions of primitives staying with theirs', () => {
    expect(
      changedBy(operation('insert', 'Patient.name[0].given', value({ valueString: 'X' }), number('index', 0)))
        .name[0],
    ).toMatchObject({ given: ['X', 'A', 'B'], _given: [null, null, { id: 'b' }] })
    expect(changedBy(operation('delete', "Patient.name.given.where($this = 'A')")).name[0]).toMatchObject({
      given: ['B'],
      _given: [{ id: 'b' }],
    })
    expect(
      changedBy(operation('move', 'Patient.name[0].given', number('source', 1), number('destination', 0)))
        .name[0],
    ).toMatchObject({ given: ['B', 'A'], _given: [{ id: 'b' }, null] })
  })

  test('deletes an element with what belongs to it, and a list with its last item', () => {
    const changed = changedBy(
      operation('delete', 'Patient.birthDate'),
      operation('delete', 'Patient.contact[0]'),
    )
    for (const name of ['birthDate', '_birthDate', 'contact']) expect(changed).not.toHaveProperty(name)
  })

  test('reaches what stands beside a primitive', () => {
    const extension = value({ part: [part('url', { valueUri: 'urn:y' }), part('value', { valueCode: 'z' })] })
    const made = { url: 'urn:y', valueCode: 'z' }
    const changed = changedBy(
      operation('add', 'Patient.birthDate', named('extension'), extension),
      operation('add', 'Patient.name[0].given[0]', named('extension'), extension),
      operation('add', 'Patient.name[0].family', named('extension'), extension),
      operation('replace', 'Patient.name[0].family.extension[0].value', value({ valueCode: 'y' })),
      operation('delete', "Patient.name[0].given[0].extension.where(url = 'urn:y')"),
      operation('add', 'Patient.deceased', named('extension'), extension),
      operation('delete', 'Patient.deceased.extension[0]'),
    )
    expect(changed).toMatchObject({ birthDate: '1961-04-02', _birthDate: { id: 'd', extension: [made] } })
    expect(changed.name[0]).toMatchObject({
      given: ['A', 'B'],
      _given: [null, { id: 'b' }],
      family: 'K',
      _family: { extension: [{ ...made, valueCode: 'y' }] },
    })
    expect(changed).not.toHaveProperty('_deceasedBoolean')
  })

  test('brings ids and extensions of primitives, and whole resources', () => {
    const beside = { extension: [{ url: 'urn:y', valueCode: 'z' }] }
    const changed = changedBy(
      operation('replace', 'Patient.birthDate', value({ valueDate: '1962', _valueDate: { id: 'e' } })),
      operation('add', 'Patient.name[1]', named('given'), value({ _valueString: beside })),
      operation(
        'add',
        'Patient',
        named('contained'),
        value({ resource: { resourceType: 'Basic', id: 'c' } }),
      ),
      operation('replace', 'Patient.deceased', value({ _valueDateTime: beside })),
      operation('add', 'Patient', named('multipleBirth[x]'), value({ valueInteger: 2 })),
    )
    expect(changed).toMatchObject({ birthDate: '1962', _birthDate: { id: 'e' }, _deceasedDateTime: beside })
    expect(changed.name[1]).toEqual({ use: 'official', family: 'L', _given: [beside] })
    expect([changed.contained, changed.multipleBirthInteger]).toEqual([
      [{ resourceType: 'Basic', id: 'c' }],
      2,
    ])
  })

  test('deletes nothing where there is nothing', () => {
    expect(changedBy(operation('delete', 'Patient.maritalStatus'))).toEqual(JSON.parse(patient))
  })

  test('replaces elements, items of lists, and a choice by another type', () => {
    const changed = changedBy(
      operation('replace', 'Patient.birthDate', value({ valueDate: '1962-01-01' })),
      operation('replace', "Patient.name.where(use = 'official').family", value({ valueString: 'M' })),
      operation('replace', 'Patient.name[0].given[0]', value({ valueString: 'Q' })),
      operation('replace', 'Patient.deceased', value({ valueDateTime: '2020-01-01' })),
    )
    expect(changed).toMatchObject({ birthDate: '1962-01-01', deceasedDateTime: '2020-01-01' })
    expect([changed.name[1].family, changed.name[0].given]).toEqual(['M', ['Q', 'B']])
    expect(changed).not.toHaveProperty('deceasedBoolean')
  })

  test('sees what the operations before it did', () => {
    const changed = changedBy(
      operation('add', 'Patient', named('gender'), value({ valueCode: 'female' })),
      operation('replace', 'Patient.gender', value({ valueCode: 'other' })),
    )
    expect(changed.gender).toBe('other')
  })

  test.each([
    [
      'replaces nothing',
      operation('replace', 'Patient.gender', value({ valueCode: 'male' })),
      /Operation 0.*nothing at its path/,
    ],
    ['is ambiguous', operation('delete', 'Patient.name.family'), /leads to 2 elements/],
    [
      'adds what is there',
      operation('add', 'Patient', named('birthDate'), value({ valueDate: '2000' })),
      /there already/,
    ],
    [
      'adds what R4 does not know',
      operation('add', 'Patient', named('colour'), value({ valueCode: 'red' })),
      /no element `colour`/,
    ],
    [
      'inserts too far',
      operation('insert', 'Patient.name', value({ valueHumanName: {} }), number('index', 9)),
      /has 2 items/,
    ],
    [
      'inserts into no list',
      operation('insert', 'Patient.birthDate', value({ valueDate: '2000' }), number('index', 0)),
      /no list/,
    ],
    [
      'moves too far',
      operation('move', 'Patient.name', number('source', 0), number('destination', 2)),
      /has 2 items/,
    ],
    ['deletes the resource', operation('delete', 'Patient'), /cannot delete the resource/],
    [
      'matches patterns',
      operation('delete', "Patient.name.where(family.matches('^(a+)+$'))"),
      /`matches\(\)`/,
    ],
    ['computes', operation('delete', 'Patient.name.count()'), /computed/],
    ['has no FHIRPath', operation('delete', 'Patient..name('), /cannot be read/],
    ['has no value', operation('add', 'Patient', named('gender')), /needs a `value`/],
    ['has no name', operation('add', 'Patient', value({ valueCode: 'x' })), /needs a `name`/],
    ['has another type', operation('paint', 'Patient'), /needs a `type`/],
  ])('that %s is refused, and says which operation', (_, wrong, message) => {
    expect(why(wrong)).toMatch(message)
  })

  test.each([
    ['{"resourceType":"Patient"}', /Parameters/],
    ['{"resourceType":"Parameters"}', /no `operation`/],
    ['{', /not JSON/],
  ])('is no %s', (text, message) => {
    expect(() => fhirPathPatcher(text)).toThrow(message)
  })
})
