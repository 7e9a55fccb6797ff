import type { ContactPoint, HumanName, Patient } from 'fhir/r4.js'
import { preferredName } from '../../../clinical/text.ts'

/** What the form edits, as text. */
export interface PatientForm {
  family: string
  given: string
  birthDate: string
  gender: string
  phone: string
  email: string
}

export type Field = keyof PatientForm

export const fieldNames: Record<Field, string> = {
  family: 'Family name',
  given: 'Given names',
  birthDate: 'Birth date',
  gender: 'Sex (administrative)',
  phone: 'Phone',
  email: 'E-mail',
}

export const fields = Object.keys(fieldNames) as Field[]

const telecom = (patient: Patient, system: 'phone' | 'email'): ContactPoint | undefined =>
  patient.telecom?.find((each) => each.system === system)

/** Returns the form of a patient as stored. */
export const formOf = (patient: Patient): PatientForm => {
  const { name } = preferredName(patient)
  return {
    family: name?.family ?? '',
    given: name?.given?.join(' ') ?? '',
    birthDate: patient.birthDate ?? '',
    gender: patient.gender ?? '',
    phone: telecom(patient, 'phone')?.value ?? '',
    email: telecom(patient, 'email')?.value ?? '',
  }
}

/** One field that both sides changed, and differently. */
export interface Conflict {
  field: Field
  base: string
  mine: string
  theirs: string
}

/** Returns the fields that both sides changed differently since they were the same. */
export const conflicts = (base: PatientForm, mine: PatientForm, theirs: PatientForm): Conflict[] =>
  fields
    .filter(
      (field) =>
        mine[field] !== base[field] && theirs[field] !== base[field] && mine[field] !== theirs[field],
    )
    .map((field) => ({ field, base: base[field], mine: mine[field], theirs: theirs[field] }))

/** Returns the form with what each side changed alone, and `mine` where both did. */
export const merged = (base: PatientForm, mine: PatientForm, theirs: PatientForm): PatientForm =>
  Object.fromEntries(
    fields.map((field) => [field, mine[field] === base[field] ? theirs[field] : mine[field]]),
  ) as unknown as PatientForm

const without = <T extends object>(object: T, key: keyof T): T => {
  const { [key]: _dropped, ...rest } = object
  return rest as T
}

const put = <T extends object, K extends keyof T>(object: T, key: K, value: T[K] | undefined): T =>
  value === undefined ? without(object, key) : { ...object, [key]: value }

const named = (patient: Patient, form: PatientForm, base: PatientForm): Patient => {
  if (form.family === base.family && form.given === base.given) return patient
  const { name = {}, index } = preferredName(patient)
  const given = form.given.split(/\s+/).filter(Boolean)
  const family = put<HumanName, 'family'>(without(name, 'text'), 'family', form.family || undefined)
  const next = put<HumanName, 'given'>(family, 'given', given.length > 0 ? given : undefined)
  return { ...patient, name: (patient.name ?? [name]).map((each, at) => (at === index ? next : each)) }
}

const reachable = (patient: Patient, system: 'phone' | 'email', value: string): Patient => {
  const before = telecom(patient, system)
  if ((before?.value ?? '') === value) return patient
  const others = (patient.telecom ?? []).filter((each) => each !== before)
  const all = value === '' ? others : [{ ...before, system, value }, ...others]
  return put(patient, 'telecom', all.length > 0 ? all : undefined)
}

/** Returns the patient with what the form changed, and everything else as it was. */
export const applyForm = (patient: Patient, form: PatientForm): Patient => {
  const base = formOf(patient)
  const called = named(patient, form, base)
  const born = put(called, 'birthDate', form.birthDate || undefined)
  const sexed = put(born, 'gender', (form.gender || undefined) as Patient['gender'])
  return reachable(reachable(sexed, 'phone', form.phone), 'email', form.email)
}
