/** Value sets and a hierarchy as resources, and which codes they mean, written by hand. */

import type { Known } from '../search/hospital.ts'

const loinc = 'http://loinc.org'
const snomed = 'http://snomed.info/sct'
const gender = 'http://hl7.org/fhir/administrative-gender'
const of = (system: string, ...codes: string[]): string[] => codes.map((code) => `${system}|${code}`)
const set = (name: string): string => `http://example.org/vs/${name}`

/** The codes that a modifier's value stands for. */
export const meant: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  in: {
    [set('pressures')]: of(loinc, '8480-6', '8462-4'),
    [set('mixed')]: [...of(loinc, 'x'), ...of(snomed, 'x'), ...of(gender, 'male')],
    [set('none')]: [],
    'http://hl7.org/fhir/ValueSet/administrative-gender': of(gender, 'male', 'female', 'other', 'unknown'),
  },
  below: {
    [`${loinc}|8867-4`]: of(loinc, '8867-4', '8480-6', '8462-4'),
    [`${loinc}|8480-6`]: of(loinc, '8480-6', '8462-4'),
    [`${snomed}|x`]: of(snomed, 'x'),
  },
  above: {
    [`${loinc}|8867-4`]: of(loinc, '8867-4'),
    [`${loinc}|8462-4`]: of(loinc, '8867-4', '8480-6', '8462-4'),
    [`${snomed}|x`]: of(snomed, 'x'),
  },
}

const system = (id: string, url: string, concept: object[]): Known => ({
  resourceType: 'CodeSystem',
  id,
  url,
  status: 'active',
  content: 'complete',
  concept,
})

const valueSet = (name: string, include: object[], exclude?: object[]): Known => ({
  resourceType: 'ValueSet',
  id: `vs-${name}`,
  url: set(name),
  status: 'active',
  compose: { include, ...(exclude && { exclude }) },
})

/** What must be stored for it. */
export const terms: readonly Known[] = [
  system('loinc', loinc, [
    { code: '8867-4', concept: [{ code: '8480-6', concept: [{ code: '8462-4' }] }] },
    { code: 'x' },
  ]),
  system('snomed', snomed, [{ code: 'x' }]),
  valueSet('pressures', [
    { system: loinc, filter: [{ property: 'concept', op: 'descendent-of', value: '8867-4' }] },
  ]),
  valueSet('mixed', [
    { system: loinc, concept: [{ code: 'x' }] },
    { system: snomed },
    { system: gender, concept: [{ code: 'male' }] },
  ]),
  valueSet('none', [{ valueSet: [set('mixed')] }], [{ valueSet: [set('mixed')] }]),
]
