import type { Bundle, BundleEntry, FhirResource } from 'fhir/r4.js'
import { expect, test } from 'vitest'
import { medicationText } from '../../client/clinical/records.ts'
import { prescriptionsOf } from '../../client/web/src/fhir/prescriptions.ts'

const base = 'http://here.example/fhir'

const medication = (id: string, text: string, versionId = '1'): BundleEntry<FhirResource> => ({
  search: { mode: 'include' },
  resource: { resourceType: 'Medication', id, meta: { versionId }, code: { text } },
})

const prescribed = (reference: string): BundleEntry<FhirResource> => ({
  search: { mode: 'match' },
  resource: {
    resourceType: 'MedicationRequest',
    status: 'active',
    intent: 'order',
    subject: {},
    medicationReference: { reference },
  },
})

test('gives each prescription the medication it refers to, and none of another server', () => {
  const bundle: Bundle = {
    resourceType: 'Bundle',
    type: 'searchset',
    entry: [
      prescribed('Medication/m'),
      prescribed(`${base}/Medication/n`),
      prescribed('Medication/v/_history/2'),
      prescribed('http://there.example/fhir/Medication/m'),
      medication('m', 'Aspirin'),
      medication('n', 'Metformin'),
      medication('v', 'Before'),
      medication('v', 'After', '2'),
    ],
  }
  expect(prescriptionsOf(bundle, base).items.map(medicationText)).toEqual([
    'Aspirin',
    'Metformin',
    'After',
    'http://there.example/fhir/Medication/m',
  ])
})
