import type { CodeableConcept, Coding, HumanName, Identifier, Patient, Reference } from 'fhir/r4.js'
import { codesOf } from './codes.ts'

/** Returns what a coding says to a reader: its display, else its code. */
export const codingText = (coding: Coding | undefined): string => coding?.display ?? coding?.code ?? ''

/** Returns what a concept says to a reader: its own text, else the first coding that says something. */
export const conceptText = (concept: CodeableConcept | undefined): string =>
  concept?.text ?? concept?.coding?.map(codingText).find((text) => text !== '') ?? ''

/** Returns what a reference says to a reader. */
export const referenceText = (reference: Reference | undefined): string =>
  reference?.display ?? reference?.reference ?? reference?.identifier?.value ?? ''

const preferred = (names: readonly HumanName[] | undefined): HumanName | undefined =>
  names?.find((name) => name.use === 'official') ?? names?.find((name) => name.use === 'usual') ?? names?.[0]

/** Returns the name a patient goes by, and where it stands in `Patient.name`. */
export const preferredName = (patient: Patient): { name: HumanName | undefined; index: number } => {
  const name = preferred(patient.name)
  return { name, index: name ? (patient.name?.indexOf(name) ?? 0) : 0 }
}

/** Returns a name as it is read aloud; says so when there is none. */
export const patientName = (patient: Patient): string => {
  const { name } = preferredName(patient)
  const parts = [...(name?.prefix ?? []), ...(name?.given ?? []), name?.family, ...(name?.suffix ?? [])]
  return name?.text ?? (parts.filter(Boolean).join(' ') || 'Name not recorded')
}

/** Returns a name as it is found in a list: family first. */
export const listName = (patient: Patient): string => {
  const { name } = preferredName(patient)
  const given = name?.given?.join(' ')
  return [name?.family, given].filter(Boolean).join(', ') || patientName(patient)
}

const labels: Record<string, string> = {
  MR: 'MRN',
  SS: 'SSN',
  DL: 'Driver’s licence',
  PPN: 'Passport',
}

const identifierLabel = (identifier: Identifier): string => {
  const code = codesOf('identifierType', identifier.type).find((each) => Object.hasOwn(labels, each))
  return (
    (code !== undefined && labels[code]) || conceptText(identifier.type) || shortSystem(identifier.system)
  )
}

const shortSystem = (system: string | undefined): string =>
  system?.replace(/^https?:\/\//, '').replace(/^urn:oid:/, 'OID ') ?? 'ID'

/** An identifier as the banner shows it. */
export interface LabelledIdentifier {
  label: string
  value: string
}

/** Returns a patient's identifiers, the medical record number first. */
export const identifiers = (patient: Patient): LabelledIdentifier[] =>
  (patient.identifier ?? [])
    .filter((identifier) => identifier.value !== undefined)
    .map((identifier) => ({ label: identifierLabel(identifier), value: identifier.value ?? '' }))
    .sort((a, b) => Number(b.label === 'MRN') - Number(a.label === 'MRN'))

/** Returns administrative gender as a word, never guessed. */
export const sexText = (patient: Patient): string => {
  const words: Record<string, string> = { male: 'Male', female: 'Female', other: 'Other', unknown: 'Unknown' }
  return words[patient.gender ?? ''] ?? 'Sex not recorded'
}
