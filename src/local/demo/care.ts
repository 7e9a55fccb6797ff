import type { CodeableConcept, Condition, FhirResource, MedicationRequest, Reference } from 'fhir/r4.js'
import { ageAt, dateText, day, minute, year } from './calendar.ts'
import { add, type Chart, clock } from './chart.ts'
import { concept, hl7, hl7Coding, loinc, snomed, systems } from './codes.ts'
import type { Dice } from './dice.ts'
import { type Allergy, type Disease, diseases, type Illness, type Medicine } from './illnesses.ts'
import type { Ailment } from './person.ts'
import type { Vaccine } from './vaccines.ts'
import type { Visit, VisitKind } from './visits.ts'

const encounterTypes: Record<VisitKind, CodeableConcept> = {
  'well-child': concept(snomed('410620009', 'Well child visit (procedure)')),
  'check-up': concept(snomed('162673000', 'General examination of patient (procedure)')),
  'follow-up': concept(snomed('390906007', 'Follow-up encounter (procedure)')),
  acute: concept(snomed('185345009', 'Encounter for symptom (procedure)')),
}

const reasonsOf = ({ illness, diseases: names }: Visit): CodeableConcept[] => [
  ...(illness ? [concept(...illness.codes)] : []),
  ...names.map((name) => concept(...(diseases[name] as Disease).codes)),
]

/** Adds the Encounter of a visit. */
export const addEncounter = (chart: Chart, visit: Visit, d: Dice): Reference => {
  const reasonCode = reasonsOf(visit)
  return add(chart, {
    resourceType: 'Encounter',
    status: 'finished',
    class: hl7Coding('v3-ActCode', 'AMB', 'ambulatory'),
    type: [encounterTypes[visit.kind]],
    subject: chart.patient,
    participant: [{ individual: chart.practitioner }],
    period: { start: clock(chart, visit.at), end: clock(chart, visit.at + d.whole(4, 10) * 5 * minute) },
    ...(reasonCode.length > 0 ? { reasonCode } : {}),
    serviceProvider: chart.organization,
  })
}

const confirmed = hl7('condition-ver-status', 'confirmed', 'Confirmed')
const active = hl7('condition-clinical', 'active', 'Active')
const resolved = hl7('condition-clinical', 'resolved', 'Resolved')
const problem = [hl7('condition-category', 'problem-list-item', 'Problem List Item')]
const diagnosis = [hl7('condition-category', 'encounter-diagnosis', 'Encounter Diagnosis')]

const condition = ({ patient }: Chart, encounter: Reference, codes: Disease['codes']): Condition => ({
  resourceType: 'Condition',
  verificationStatus: confirmed,
  code: concept(...codes),
  subject: patient,
  encounter,
})

/** Adds a lasting disease to the problem list at the visit at which it is first spoken of. */
export const addProblem = (
  chart: Chart,
  encounter: Reference,
  at: number,
  { name, onset }: Ailment,
): Reference =>
  add(chart, {
    ...condition(chart, encounter, diseases[name].codes),
    clinicalStatus: active,
    category: problem,
    onsetDateTime: dateText(onset, chart.person.town.zone),
    recordedDate: clock(chart, at),
  })

/** Adds a passing illness, over by the records' end or not, and what was prescribed for it. */
export const addIllness = (
  chart: Chart,
  encounter: Reference,
  at: number,
  illness: Illness,
  d: Dice,
): void => {
  const over = at + d.whole(...illness.days) * day
  const past = over < chart.person.until
  const reason = add(chart, {
    ...condition(chart, encounter, illness.codes),
    clinicalStatus: past ? resolved : active,
    category: diagnosis,
    onsetDateTime: dateText(at - d.whole(1, 4) * day, chart.person.town.zone),
    ...(past ? { abatementDateTime: dateText(over, chart.person.town.zone) } : {}),
    recordedDate: clock(chart, at),
  })
  if (illness.medicine)
    addMedication(chart, { encounter, at, medicine: illness.medicine, reason, lasting: !past })
}

/** One prescription: what, when, why, and whether it is still being taken. */
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
  add(chart, {
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

/** Adds an allergy that the patient told of when the records began. */
export const addAllergy = (
  chart: Chart,
  { code, category, criticality, reaction, severity }: Allergy,
): void => {
  add(chart, {
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

/** One dose of a vaccine; without an encounter it is known only from the patient's papers. */
export interface Dose {
  vaccine: Vaccine
  number?: number
  at: number
  encounter?: Reference
}

/** Adds an Immunization. */
export const addImmunization = (chart: Chart, { vaccine, number, at, encounter }: Dose): void => {
  const code = { system: systems.cvx, code: vaccine.cvx, display: vaccine.display }
  add(chart, {
    resourceType: 'Immunization',
    status: 'completed',
    vaccineCode: { coding: [code], text: vaccine.display },
    patient: chart.patient,
    ...(encounter ? { encounter } : {}),
    occurrenceDateTime: encounter ? clock(chart, at + 20 * minute) : dateText(at, chart.person.town.zone),
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
  { kind, at, diseases: names }: Visit,
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
  add(chart, {
    resourceType: 'Procedure',
    status: 'completed',
    code: concept(examinations[name]),
    subject: chart.patient,
    encounter,
    performedPeriod: { start: clock(chart, at + 10 * minute), end: clock(chart, at + 20 * minute) },
    performer: [{ actor: chart.practitioner }],
  })
}

const noteText = ({ person }: Chart, visit: Visit): string => {
  const reasons = reasonsOf(visit).map(({ text }) => text ?? '')
  const age = Math.floor(ageAt(person.born, visit.at))
  const name = `${person.given.join(' ')} ${person.family}`
  return `${name}, ${age} years old.\n\nReason: ${reasons.join('; ') || encounterTypes[visit.kind].text}\n\nSee the measurements of this visit.\n`
}

/** Adds the note of a visit, if it was in the records' last two years. */
export const addNote = (chart: Chart, encounter: Reference, visit: Visit): void => {
  if (visit.at < chart.person.until - 2 * year) return
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
    date: new Date(visit.at + 60 * minute).toISOString(),
    author: [chart.practitioner],
    content: [
      {
        attachment: {
          contentType: 'text/plain; charset=utf-8',
          data: Buffer.from(noteText(chart, visit)).toString('base64'),
        },
      },
    ],
    context: { encounter: [encounter] },
  }
  add(chart, note)
}
