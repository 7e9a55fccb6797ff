import type { Bundle, FhirResource, Medication, MedicationRequest } from 'fhir/r4.js'
import type { Client, SearchParams } from 'fhir-kit-client'
import type { Prescription } from '../../../clinical/records.ts'
import { localReference } from '../../../clinical/references.ts'
import type { Page, ReadPage } from './collection.ts'
import { pageOf, readBundle } from './search.ts'

const included = (bundle: Bundle): FhirResource[] =>
  (bundle.entry ?? []).flatMap(({ resource, search }) =>
    resource && search?.mode === 'include' ? [resource as FhirResource] : [],
  )

const medicationOf = (
  request: MedicationRequest,
  among: readonly FhirResource[],
  base: string,
): Medication | undefined => {
  const named = localReference(request.medicationReference, base)
  return among.find(
    (each): each is Medication =>
      each.resourceType === 'Medication' &&
      named?.type === 'Medication' &&
      each.id === named.id &&
      (named.version === undefined || each.meta?.versionId === named.version),
  )
}

/** Turns a searchset of prescriptions into a page of them, each with the Medication that it refers to. */
export const prescriptionsOf = (bundle: Bundle, base: string): Page<Prescription> => {
  const page = pageOf<MedicationRequest>(bundle)
  const among = included(bundle)
  const items = page.items.map((request) => {
    const medication = medicationOf(request, among, base)
    return medication ? { ...request, medication } : request
  })
  return { ...page, items }
}

/** Returns a reader of a patient's prescriptions, the Medications they refer to included. */
export const prescriptionPages =
  (client: Client, criteria: SearchParams): ReadPage<Prescription> =>
  async (next, signal) => {
    const searchParams = { ...criteria, _include: 'MedicationRequest:medication' }
    const bundle = await readBundle(client, { resourceType: 'MedicationRequest', searchParams }, next, signal)
    return prescriptionsOf(bundle, client.baseUrl)
  }
