import type { Condition, Medication, MedicationRequest } from 'fhir/r4.js'
import { expect, test } from 'vitest'
import {
  abatement,
  isActiveMedication,
  isActiveProblem,
  medicationText,
  onset,
  type Prescription,
  performed,
} from '../../client/clinical/records.ts'

const clinicalCodes = 'http://terminology.hl7.org/CodeSystem/condition-clinical'
const verificationCodes = 'http://terminology.hl7.org/CodeSystem/condition-ver-status'

const problem = (clinical: string, verified: string): Condition => ({
  resourceType: 'Condition',
  subject: {},
  clinicalStatus: {
    coding: [
      { system: 'urn:local', code: 'x' },
      { system: clinicalCodes, code: clinical },
    ],
  },
  verificationStatus: { coding: [{ system: verificationCodes, code: verified }] },
})

test('takes for a problem neither what is over nor what was refuted, whichever coding says so', () => {
  expect(isActiveProblem(problem('active', 'confirmed'))).toBe(true)
  expect(isActiveProblem(problem('resolved', 'confirmed'))).toBe(false)
  expect(isActiveProblem(problem('active', 'refuted'))).toBe(false)
})

const request = (more: Partial<MedicationRequest>): MedicationRequest => ({
  resourceType: 'MedicationRequest',
  status: 'active',
  intent: 'order',
  subject: {},
  medicationCodeableConcept: { text: 'Penicillin' },
  ...more,
})

test('takes for a prescription nothing that is only proposed, and says what must not be given', () => {
  expect(isActiveMedication(request({}))).toBe(true)
  expect(isActiveMedication(request({ intent: 'proposal' }))).toBe(false)
  expect(medicationText(request({ doNotPerform: true }))).toBe('Do not give: Penicillin')
})

test('takes a code of another system, or of none, for no code', () => {
  const other = { coding: [{ system: 'urn:local', code: 'resolved' }, { code: 'inactive' }] }
  expect(isActiveProblem({ ...problem('active', 'confirmed'), clinicalStatus: other })).toBe(true)
})

const begun = (more: Partial<Condition>) => onset({ ...problem('active', 'confirmed'), ...more })

test.each<[string, Partial<Condition>, string | undefined]>([
  ['a date', { onsetDateTime: '2019-05' }, '2019-05'],
  ['an age', { onsetAge: { value: 12, unit: 'years', code: 'a' } }, 'at an age of 12 years'],
  [
    'a range',
    { onsetRange: { low: { value: 10, unit: 'a' }, high: { value: 12, unit: 'a' } } },
    'at an age of 10–12 a',
  ],
  ['an open range', { onsetRange: { high: { value: 12, unit: 'a' } } }, 'at an age of …–12 a'],
  ['a period', { onsetPeriod: { start: '2019', end: '2020' } }, '2019/2020'],
  ['an end only', { onsetPeriod: { end: '2020' } }, '../2020'],
  ['words', { onsetString: 'childhood, about 1975' }, 'childhood, about 1975'],
  ['a recording', { recordedDate: '2020-05-31' }, 'recorded 31 May 2020'],
  ['nothing', {}, undefined],
])('says the onset that is %s as what it is', (_name, more, text) => {
  expect(begun(more)).toBe(text)
})

test('says every form of an end and of a procedure’s time', () => {
  const ended = { ...problem('resolved', 'confirmed'), abatementAge: { value: 20, unit: 'a' } }
  expect(abatement(ended)).toBe('at an age of 20 a')
  const procedure = { resourceType: 'Procedure', status: 'completed', subject: {} } as const
  expect(performed({ ...procedure, performedPeriod: { end: '2020-05-31' } })).toBe('../2020-05-31')
  expect(performed({ ...procedure, performedAge: { value: 3, unit: 'a' } })).toBe('at an age of 3 a')
})

const referring = (reference: string, more: Partial<Prescription> = {}): string => {
  const { medicationCodeableConcept: _none, ...rest } = request({})
  return medicationText({ ...rest, medicationReference: { reference }, ...more })
}

test('names the medication that a prescription contains or refers to', () => {
  const medication = { resourceType: 'Medication', id: 'm', code: { text: 'Amoxicillin' } } as const
  expect(referring('#m', { contained: [medication] })).toBe('Amoxicillin')
  expect(referring('Medication/m', { medication })).toBe('Amoxicillin')
  expect(referring('#m')).toBe('Not coded')
  const strength = { numerator: { value: 5, unit: 'mg' }, denominator: { value: 1, unit: 'mL' } }
  const ingredient = [{ itemCodeableConcept: { text: 'Morphine' }, strength }]
  const compounded: Medication = { resourceType: 'Medication', id: 'm', ingredient }
  expect(referring('#m', { contained: [compounded] })).toBe('Morphine 5 mg per 1 mL')
})
