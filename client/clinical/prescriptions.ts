import type { Bundle, FhirResource, Medication, MedicationRequest } from 'fhir/r4.js'
import type { Prescription } from './records.ts'
import { localReference } from './references.ts'

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

/** Returns prescriptions with the Medications among what a page of a search includes; `base` is the server's own address. */
export const withMedications = (
  requests: readonly MedicationRequest[],
  page: Bundle,
  base: string,
): Prescription[] => {
  const among = included(page)
  return requests.map((request) => {
    const medication = medicationOf(request, among, base)
    return medication ? { ...request, medication } : request
  })
}
