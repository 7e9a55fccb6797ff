import type { Bundle, MedicationRequest } from 'fhir/r4.js'
import type { Client, SearchParams } from 'fhir-kit-client'
import { withMedications } from '../../../clinical/prescriptions.ts'
import type { Prescription } from '../../../clinical/records.ts'
import type { Page, ReadPage } from './collection.ts'
import { pageOf, readBundle } from './search.ts'

/** Turns a searchset of prescriptions into a page of them, each with the Medication that it refers to. */
export const prescriptionsOf = (bundle: Bundle, base: string): Page<Prescription> => {
  const page = pageOf<MedicationRequest>(bundle)
  return { ...page, items: withMedications(page.items, bundle, base) }
}

/** Returns a reader of a patient's prescriptions, the Medications they refer to included. */
export const prescriptionPages =
  (client: Client, criteria: SearchParams): ReadPage<Prescription> =>
  async (next, signal) => {
    const searchParams = { ...criteria, _include: 'MedicationRequest:medication' }
    const bundle = await readBundle(client, { resourceType: 'MedicationRequest', searchParams }, next, signal)
    return prescriptionsOf(bundle, client.baseUrl)
  }
