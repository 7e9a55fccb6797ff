import type {
  Age,
  AllergyIntolerance,
  Condition,
  Encounter,
  Medication,
  MedicationRequest,
  Period,
  Procedure,
  Range,
} from 'fhir/r4.js'
import { codeIn, codesOf, isCoded } from './codes.ts'
import { dosagesText } from './dosage.ts'
import { periodTime, quantityText, rangeText, ratioText } from './quantity.ts'
import { conceptText, referenceText } from './text.ts'
import { dayText } from './time.ts'

const modified = (
  text: string,
  { modifierExtension = [] }: { modifierExtension?: readonly unknown[] | undefined },
): string => (modifierExtension.length > 0 ? `${text}, with a modifier` : text)

/** Returns whether a problem is one now. */
export const isActiveProblem = (condition: Condition): boolean =>
  !isCoded('conditionClinical', condition.clinicalStatus, ['inactive', 'resolved', 'remission']) &&
  !isCoded('conditionVerification', condition.verificationStatus, ['refuted', 'entered-in-error'])

/** Returns whether an allergy is one now. */
export const isActiveAllergy = ({ clinicalStatus, verificationStatus }: AllergyIntolerance): boolean =>
  !isCoded('allergyClinical', clinicalStatus, ['inactive', 'resolved']) &&
  !isCoded('allergyVerification', verificationStatus, ['refuted', 'entered-in-error'])

/** Returns a problem's status in a word. */
export const problemStatus = (condition: Condition): string => {
  const { verificationStatus } = condition
  const verified = codesOf('conditionVerification', verificationStatus)[0] ?? conceptText(verificationStatus)
  const clinical = conceptText(condition.clinicalStatus) || 'status not recorded'
  return modified(verified && verified !== 'confirmed' ? `${clinical}, ${verified}` : clinical, condition)
}

/** The forms that R4 has for a time in a patient's life. */
interface LifeTime {
  dateTime?: string | undefined
  age?: Age | undefined
  period?: Period | undefined
  range?: Range | undefined
  string?: string | undefined
}

const aged = (text: string): string | undefined => (text ? `at an age of ${text}` : undefined)

const lifeTime = ({ dateTime, age, period, range, string }: LifeTime): string | undefined =>
  dateTime ?? aged(quantityText(age)) ?? (periodTime(period) || aged(rangeText(range)) || string)

/** Returns when a problem began: a date, a period as `start/end`, or words; when it was recorded is said to be that. */
export const onset = (condition: Condition): string | undefined =>
  lifeTime({
    dateTime: condition.onsetDateTime,
    age: condition.onsetAge,
    period: condition.onsetPeriod,
    range: condition.onsetRange,
    string: condition.onsetString,
  }) ?? (condition.recordedDate === undefined ? undefined : `recorded ${dayText(condition.recordedDate)}`)

/** Returns when a problem ended, in the forms of `onset`. */
export const abatement = (condition: Condition): string | undefined =>
  lifeTime({
    dateTime: condition.abatementDateTime,
    age: condition.abatementAge,
    period: condition.abatementPeriod,
    range: condition.abatementRange,
    string: condition.abatementString,
  })

const wishes: readonly string[] = ['proposal', 'plan', 'option']

/** Returns whether a prescription is in force; what is only proposed is none. */
export const isActiveMedication = ({ status, intent }: MedicationRequest): boolean =>
  (status === 'active' || status === 'on-hold') && !wishes.includes(intent)

/** Returns a prescription's status in a word. */
export const medicationStatus = (request: MedicationRequest): string =>
  modified(wishes.includes(request.intent) ? `${request.status}, ${request.intent}` : request.status, request)

/** A prescription, and the Medication its reference leads to, where that came with it. */
export interface Prescription extends MedicationRequest {
  medication?: Medication
}

const containedMedication = ({ contained, medicationReference }: MedicationRequest): Medication | undefined =>
  contained?.find(
    (each): each is Medication =>
      each.resourceType === 'Medication' && `#${each.id}` === medicationReference?.reference,
  )

const ingredients = (medication: Medication): string =>
  (medication.ingredient ?? [])
    .map((each) =>
      [
        conceptText(each.itemCodeableConcept) || referenceText(each.itemReference),
        ratioText(each.strength, ' per '),
      ]
        .filter(Boolean)
        .join(' '),
    )
    .filter(Boolean)
    .join(' + ')

/** Remarks on a medication besides its name: an error, or an element that may reverse the meaning. */
const remark = (medication: Medication): string =>
  modified(
    medication.status && medication.status !== 'active' ? `, medication ${medication.status}` : '',
    medication,
  )

const describedName = (medication: Medication | undefined): string => {
  const name = medication && (conceptText(medication.code) || ingredients(medication))
  return name ? `${name}${remark(medication)}` : ''
}

/** A reference to what the request contains says nothing to a reader. */
const referenceName = ({ medicationReference: reference }: MedicationRequest): string =>
  reference?.reference?.startsWith('#') ? (reference.display ?? '') : referenceText(reference)

const medicationName = (request: Prescription): string =>
  conceptText(request.medicationCodeableConcept) ||
  describedName(containedMedication(request) ?? request.medication) ||
  referenceName(request) ||
  'Not coded'

/** Returns the name of what was prescribed, or must not be given. */
export const medicationText = (request: Prescription): string =>
  `${request.doNotPerform ? 'Do not give: ' : ''}${medicationName(request)}`

/** Returns how a medication is to be taken, whole; empty only where nothing is recorded. */
export const dosageText = (request: MedicationRequest): string => dosagesText(request.dosageInstruction ?? [])

const classes = new Map([
  ['AMB', 'Ambulatory'],
  ['EMER', 'Emergency'],
  ['IMP', 'Inpatient'],
  ['ACUTE', 'Inpatient, acute'],
  ['NONAC', 'Inpatient, non-acute'],
  ['OBSENC', 'Observation'],
  ['HH', 'Home health'],
  ['VR', 'Virtual'],
  ['SS', 'Short stay'],
])

/** Returns an encounter's class in words. */
export const encounterClass = (encounter: Encounter): string =>
  encounter.class?.display ??
  classes.get(codeIn('actCode', encounter.class) ?? '') ??
  encounter.class?.code ??
  ''

/** Returns what an encounter was. */
export const encounterText = (encounter: Encounter): string =>
  encounter.type?.map(conceptText).filter(Boolean).join(', ') || encounterClass(encounter) || 'Encounter'

/** Returns why an encounter took place. */
export const encounterReason = (encounter: Encounter): string =>
  (encounter.reasonCode ?? []).map(conceptText).filter(Boolean).join(', ')

/** Returns when a procedure was performed, in the forms of `onset`. */
export const performed = (procedure: Procedure): string | undefined =>
  lifeTime({
    dateTime: procedure.performedDateTime,
    age: procedure.performedAge,
    period: procedure.performedPeriod,
    range: procedure.performedRange,
    string: procedure.performedString,
  })
