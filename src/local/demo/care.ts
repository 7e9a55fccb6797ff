import type { CodeableConcept, Condition, FhirResource, MedicationRequest, Reference } from 'fhir/r4.js'
import { ageAt, dateIn, minute, oneDay, year } from './calendar.ts'
import { addToChart, type Chart, clock } from './chart.ts'
import type { Dice } from './dice.ts'
import type { Ailment } from './person.ts'
import { concept, hl7, hl7Coding, loinc, snomed, systems } from './tables/codes.ts'
import { type Allergy, type Disease, diseases, type Illness, type Medicine } from './tables/illnesses.ts'
import type { Vaccine } from './tables/vaccines.ts'
import type { ClinicVisit, VisitKind } from './visits.ts'

const encounterTypes: Record<VisitKind, CodeableConcept> = {
  'well-child': concept(snomed('410620009', 'Well child visit (procedure)')),
  'check-up': concept(snomed('162673000', 'General examination of patient (procedure)')),
  'follow-up': concept(snomed('390906007', 'Follow-up encounter (procedure)')),
  acute: concept(snomed('185345009', 'Encounter for symptom (procedure)')),
}

const prescriptionReasons = ({ illness, diseases: names }: ClinicVisit): CodeableConcept[] => [
  ...(illness ? [concept(...illness.codes)] : []),
  ...names.map((name) => concept(...(diseases[name] as Disease).codes)),
]

/** Adds the Encounter of a visit. */
export const addEncounter = (chart: Chart, clinicVisit: ClinicVisit, d: Dice): Reference => {
  const reasonCode = prescriptionReasons(clinicVisit)
  return addToChart(chart, {
    resourceType: 'Encounter',
    status: 'finished',
    class: hl7Coding('v3-ActCode', 'AMB', 'ambulatory'),
    type: [encounterTypes[clinicVisit.kind]],
    subject: chart.patient,
    participant: [{ individual: chart.practitioner }],
    period: {
      start: clock(chart, clinicVisit.at),
      end: clock(chart, clinicVisit.at + d.whole(4, 10) * 5 * minute),
    },
    ...(reasonCode.length > 0 ? { reasonCode } : {}),
    serviceProvider: chart.organization,
  })
}

const confirmed = hl7('condition-ver-status', 'confirmed', 'Confirmed')
const active = hl7('condition-clinical', 'active', 'Active')
const resolvedStatus = hl7('condition-clinical', 'resolved', 'Resolved')
const problem = [hl7('condition-category', 'problem-list-item', 'Problem List Item')]
const diagnosis = [hl7('condition-category', 'encounter-diagnosis', 'Encounter Diagnosis')]

const addCondition = ({ patient }: Chart, encounter: Reference, codes: Disease['codes']): Condition => ({
  resourceType: 'Condition',
  verificationStatus: confirmed,
  code: concept(...codes),
  subject: patient,
  encounter,
})

/** Adds a lasting disease to the problem list at the visit of its diagnosis. */
export const addProblem = (
  chart: Chart,
  encounter: Reference,
  at: number,
  { name, onset }: Ailment,
): Reference =>
  addToChart(chart, {
    ...addCondition(chart, encounter, diseases[name].codes),
    clinicalStatus: active,
    category: problem,
    onsetDateTime: dateIn(onset, chart.person.town.zone),
    recordedDate: clock(chart, at),
  })

/** Adds a passing illness, resolved or still active at the records' end, and its prescription. */
export const addIllness = (
  chart: Chart,
  encounter: Reference,
  at: number,
  illness: Illness,
  d: Dice,
): void => {
  const over = at + d.whole(...illness.days) * oneDay
  const past = over < chart.person.until
  const reason = addToChart(chart, {
    ...addCondition(chart, encounter, illness.codes),
    clinicalStatus: past ? resolvedStatus : active,
    category: diagnosis,
    onsetDateTime: dateIn(at - d.whole(1, 4) * oneDay, chart.person.town.zone),
    ...(past ? { abatementDateTime: dateIn(over, chart.person.town.zone) } : {}),
    recordedDate: clock(chart, at),
  })
  if (illness.medicine)
    addMedication(chart, { encounter, at, medicine: illness.medicine, reason, lasting: !past })
}

/** A prescription: medicine, date, reason, and status. */
export interface Prescription {
  encounter: Reference
  at: number
  medicine: Medicine
  reason: Reference
  lasting: boolean
}

const dosage = ({
  directions,
  dose,
  unit,
  timesDaily,
}: Medicine): NonNullable<MedicationRequest['dosageInstruction']> => [
  {
    text: directions,
    timing: { repeat: { frequency: timesDaily, period: 1, periodUnit: 'd' } },
    doseAndRate: [{ doseQuantity: { value: dose, unit } }],
  },
]

/** Adds a MedicationRequest. */
export const addMedication = (
  chart: Chart,
  { encounter, at, medicine, reason, lasting }: Prescription,
): void => {
  addToChart(chart, {
    resourceType: 'MedicationRequest',
    status: lasting ? 'active' : 'completed',
    intent: 'order',
    medicationCodeableConcept: concept(medicine.code),
    subject: chart.patient,
    encounter,
    authoredOn: clock(chart, at),
    requester: chart.practitioner,
    reasonReference: [reason],
    dosageInstruction: dosage(medicine),
  })
}

const allergyActive = hl7('allergyintolerance-clinical', 'active', 'Active')
const allergyConfirmed = hl7('allergyintolerance-verification', 'confirmed', 'Confirmed')

/** Adds an allergy that the patient reported when the records began. */
export const addAllergy = (
  chart: Chart,
  { code, category, criticality, reaction, severity }: Allergy,
): void => {
  addToChart(chart, {
    resourceType: 'AllergyIntolerance',
    clinicalStatus: allergyActive,
    verificationStatus: allergyConfirmed,
    type: 'allergy',
    category: [category],
    criticality,
    code: concept(code),
    patient: chart.patient,
    recordedDate: clock(chart, chart.person.since),
    reaction: [{ manifestation: [concept(reaction)], severity }],
  })
}

/** A dose of a vaccine; without an encounter its source is the patient's papers. */
export interface Dose {
  vaccine: Vaccine
  number?: number
  at: number
  encounter?: Reference
}

/** Adds an Immunization. */
export const addImmunization = (chart: Chart, { vaccine, number, at, encounter }: Dose): void => {
  const code = { system: systems.cvx, code: vaccine.cvx, display: vaccine.display }
  addToChart(chart, {
    resourceType: 'Immunization',
    status: 'completed',
    vaccineCode: { coding: [code], text: vaccine.display },
    patient: chart.patient,
    ...(encounter ? { encounter } : {}),
    occurrenceDateTime: encounter ? clock(chart, at + 20 * minute) : dateIn(at, chart.person.town.zone),
    primarySource: encounter !== undefined,
    ...(encounter ? { performer: [{ actor: chart.practitioner }] } : {}),
    ...(number === undefined ? {} : { protocolApplied: [{ doseNumberPositiveInt: number }] }),
  })
}

const examinations = {
  spirometry: snomed('127783003', 'Spirometry (procedure)'),
  colonoscopy: snomed('73761001', 'Colonoscopy (procedure)'),
  medicationReview: snomed('430193006', 'Medication reconciliation (procedure)'),
  depressionScreening: snomed('171207006', 'Depression screening (procedure)'),
}

/** Returns the examinations that are done at a visit besides the measurements. */
export const examinationsAt = (
  { kind, at, diseases: names }: ClinicVisit,
  born: number,
  d: Dice,
): (keyof typeof examinations)[] => {
  const age = ageAt(born, at)
  if (kind === 'follow-up') return names.includes('asthma') ? ['spirometry'] : []
  if (kind !== 'check-up') return []
  return [
    ...(age > 65 ? (['medicationReview'] as const) : []),
    ...(age > 48 && age < 76 && d.chance(0.1) ? (['colonoscopy'] as const) : []),
    ...(d.chance(0.3) ? (['depressionScreening'] as const) : []),
  ]
}

/** Adds a Procedure. */
export const addProcedure = (
  chart: Chart,
  encounter: Reference,
  at: number,
  name: keyof typeof examinations,
): void => {
  addToChart(chart, {
    resourceType: 'Procedure',
    status: 'completed',
    code: concept(examinations[name]),
    subject: chart.patient,
    encounter,
    performedPeriod: { start: clock(chart, at + 10 * minute), end: clock(chart, at + 20 * minute) },
    performer: [{ actor: chart.practitioner }],
  })
}

const noteText = ({ person }: Chart, clinicVisit: ClinicVisit): string => {
  const reasons = prescriptionReasons(clinicVisit).map(({ text }) => text ?? '')
  const age = Math.floor(ageAt(person.born, clinicVisit.at))
  const name = `${person.given.join(' ')} ${person.family}`
  return `${name}, ${age} years old.\n\nReason: ${reasons.join('; ') || encounterTypes[clinicVisit.kind].text}\n\nSee the measurements of this visit.\n`
}

/** Adds the note of a visit in the records' last two years. */
export const addNote = (chart: Chart, encounter: Reference, clinicVisit: ClinicVisit): void => {
  if (clinicVisit.at < chart.person.until - 2 * year) return
  const note: FhirResource = {
    resourceType: 'DocumentReference',
    status: 'current',
    type: concept(loinc('11506-3', 'Progress note')),
    category: [
      {
        coding: [
          {
            system: 'http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category',
            code: 'clinical-note',
            display: 'Clinical Note',
          },
        ],
      },
    ],
    subject: chart.patient,
    date: new Date(clinicVisit.at + 60 * minute).toISOString(),
    author: [chart.practitioner],
    content: [
      {
        attachment: {
          contentType: 'text/plain; charset=utf-8',
          data: Buffer.from(noteText(chart, clinicVisit)).toString('base64'),
        },
      },
    ],
    context: { encounter: [encounter] },
  }
  addToChart(chart, note)
}
