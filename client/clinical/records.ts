import type { Condition, Dosage, Encounter, MedicationRequest, Procedure, Timing } from 'fhir/r4.js'
import { toDigits } from '../exact.ts'
import { conceptText, isCoded, referenceText } from './text.ts'

/** Returns whether a problem is one now. */
export const isActiveProblem = (condition: Condition): boolean =>
  !isCoded(condition.clinicalStatus, ['inactive', 'resolved', 'remission']) &&
  !isCoded(condition.verificationStatus, ['refuted', 'entered-in-error'])

/** Returns a problem's status in a word. */
export const problemStatus = (condition: Condition): string => {
  const verified = condition.verificationStatus?.coding?.[0]?.code ?? ''
  const clinical = conceptText(condition.clinicalStatus) || 'status not recorded'
  return verified && verified !== 'confirmed' ? `${clinical}, ${verified}` : clinical
}

/** Returns when a problem began, as recorded. */
export const onset = (condition: Condition): string | undefined =>
  condition.onsetDateTime ?? condition.onsetPeriod?.start ?? condition.recordedDate

/** Returns when a problem ended, as recorded. */
export const abatement = (condition: Condition): string | undefined =>
  condition.abatementDateTime ?? condition.abatementPeriod?.end

const wishes: readonly string[] = ['proposal', 'plan', 'option']

/** Returns whether a prescription is in force; what is only proposed is none. */
export const isActiveMedication = ({ status, intent }: MedicationRequest): boolean =>
  (status === 'active' || status === 'on-hold') && !wishes.includes(intent)

/** Returns a prescription's status in a word. */
export const medicationStatus = ({ status, intent }: MedicationRequest): string =>
  wishes.includes(intent) ? `${status}, ${intent}` : status

const medicationName = (request: MedicationRequest): string =>
  conceptText(request.medicationCodeableConcept) || referenceText(request.medicationReference) || 'Not coded'

/** Returns the name of what was prescribed, or must not be given. */
export const medicationText = (request: MedicationRequest): string =>
  `${request.doNotPerform ? 'Do not give: ' : ''}${medicationName(request)}`

const timesText = ({ repeat }: Timing): string => {
  if (!repeat?.frequency) return ''
  const period = toDigits(repeat.period ?? 1)
  return `${toDigits(repeat.frequency)} × every ${period} ${repeat.periodUnit ?? ''}`.trim()
}

const doseText = (dosage: Dosage): string => {
  const quantity = dosage.doseAndRate?.[0]?.doseQuantity
  return quantity?.value === undefined ? '' : `${toDigits(quantity.value)} ${quantity.unit ?? ''}`.trim()
}

const dosageLine = (dosage: Dosage): string =>
  dosage.text ??
  [
    doseText(dosage),
    dosage.timing ? conceptText(dosage.timing.code) || timesText(dosage.timing) : '',
    dosage.asNeededBoolean ? 'as needed' : '',
  ]
    .filter(Boolean)
    .join(', ')

/** Returns how a medication is to be taken, as the data says it. */
export const dosageText = (request: MedicationRequest): string =>
  (request.dosageInstruction ?? []).map(dosageLine).filter(Boolean).join('; ')

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
  encounter.class?.display ?? classes.get(encounter.class?.code ?? '') ?? encounter.class?.code ?? ''

/** Returns what an encounter was. */
export const encounterText = (encounter: Encounter): string =>
  encounter.type?.map(conceptText).filter(Boolean).join(', ') || encounterClass(encounter) || 'Encounter'

/** Returns why an encounter took place. */
export const encounterReason = (encounter: Encounter): string =>
  (encounter.reasonCode ?? []).map(conceptText).filter(Boolean).join(', ')

/** Returns when a procedure was performed, as recorded. */
export const performed = (procedure: Procedure): string | undefined =>
  procedure.performedDateTime ?? procedure.performedPeriod?.start ?? procedure.performedString
