import type { Condition, MedicationRequest } from 'fhir/r4.js'
import { expect, test } from 'vitest'
import { isActiveMedication, isActiveProblem, medicationText } from '../../client/clinical/records.ts'

const problem = (clinical: string, verified: string): Condition => ({
  resourceType: 'Condition',
  subject: {},
  clinicalStatus: { coding: [{ system: 'urn:local', code: 'x' }, { code: clinical }] },
  verificationStatus: { coding: [{ code: verified }] },
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
