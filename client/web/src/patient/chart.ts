import type {
  AllergyIntolerance,
  Condition,
  DiagnosticReport,
  DocumentReference,
  Encounter,
  FhirResource,
  Immunization,
  Observation,
  Patient,
  Procedure,
} from 'fhir/r4.js'
import type { Client, SearchParams } from 'fhir-kit-client'
import type { Prescription } from '../../../clinical/records.ts'
import { type Collection, collect } from '../fhir/collection.ts'
import { prescriptionPages } from '../fhir/prescriptions.ts'
import { searchPages } from '../fhir/search.ts'

/** A patient's chart: every list of one patient, read when it is first looked at and dropped as a whole. */
export interface PatientChart {
  id: string
  patient: Collection<Patient>
  allergies: Collection<AllergyIntolerance>
  vitals: Collection<Observation>
  labs: Collection<Observation>
  reports: Collection<DiagnosticReport>
  immunizations: Collection<Immunization>
  conditions: Collection<Condition>
  medications: Collection<Prescription>
  encounters: Collection<Encounter>
  procedures: Collection<Procedure>
  documents: Collection<DocumentReference>
  close(): void
}

/** How many resources a page of a list holds, and one of a chart that needs all of them. */
const listPage = 50
const chartPage = 500

const patientItself = (client: Client, id: string): Collection<Patient> =>
  collect(async (_next, signal) => {
    const patient = await client.read({ resourceType: 'Patient', id, options: { signal } })
    return { items: [patient as unknown as Patient], next: undefined }
  })

const lists = (client: Client, id: string) => {
  const list = <T extends FhirResource>(type: T['resourceType'], sort: string) =>
    collect(searchPages<T>(client, type, { patient: id, _sort: sort, _count: listPage }))
  const all = <T extends FhirResource>(type: T['resourceType'], more: SearchParams = {}) =>
    collect(searchPages<T>(client, type, { patient: id, ...more, _count: chartPage }), true)
  return {
    allergies: all<AllergyIntolerance>('AllergyIntolerance'),
    vitals: all<Observation>('Observation', { category: 'vital-signs', _sort: '-date' }),
    labs: all<Observation>('Observation', { category: 'laboratory', _sort: '-date' }),
    reports: all<DiagnosticReport>('DiagnosticReport', { _sort: '-date' }),
    immunizations: all<Immunization>('Immunization', { _sort: '-date' }),
    conditions: all<Condition>('Condition', { _sort: '-onset-date' }),
    medications: collect(
      prescriptionPages(client, { patient: id, _sort: '-authoredon', _count: chartPage }),
      true,
    ),
    encounters: list<Encounter>('Encounter', '-date'),
    procedures: list<Procedure>('Procedure', '-date'),
    documents: list<DocumentReference>('DocumentReference', '-date'),
  }
}

/** Opens a patient's chart; nothing is read before it is looked at. */
export const openChart = (client: Client, id: string): PatientChart => {
  const opened = { patient: patientItself(client, id), ...lists(client, id) }
  const close = (): void => {
    for (const collection of Object.values(opened)) collection.stop()
  }
  return { id, ...opened, close }
}
