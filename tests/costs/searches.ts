import type { Write } from '../../src/store/port.ts'
import { writtenFor } from './made.ts'

/** Whom the searches ask about: one of the made-up patients, the same in a store of any size. */
interface Subject {
  patient: string
  encounter: string
  record: string
  birthDate: string
  family: string
  given: string
}

const isSubject = (writes: readonly Write[]): boolean =>
  [
    'AllergyIntolerance',
    'Condition',
    'MedicationRequest',
    'Immunization',
    'Procedure',
    'DocumentReference',
  ].every((wanted) => writes.some(({ type }) => type === wanted))

const subjectAt = (index: number): Subject | undefined => {
  const [{ writes } = { writes: [] }] = writtenFor(index)
  if (!isSubject(writes)) return undefined
  const idOf = (type: string) => writes.findLast((write) => write.type === type)?.id ?? ''
  const patient = JSON.parse(writes.find(({ type }) => type === 'Patient')?.text ?? '{}')
  return {
    patient: patient.id,
    encounter: idOf('Encounter'),
    record: `${patient.identifier[0].system}|${patient.identifier[0].value}`,
    birthDate: patient.birthDate,
    family: patient.name[0].family,
    given: patient.name[0].given[0],
  }
}

/** Returns the first of the made-up patients who has something of everything. */
export const findSubject = (): Subject => {
  for (let index = 0; ; index++) {
    const subject = subjectAt(index)
    if (subject) return subject
  }
}

/** Returns the twenty searches that dashboards and US Core ask, as URLs. */
export const searchesAbout = ({ patient, encounter, record, birthDate, family }: Subject): string[] => [
  `Patient?_id=${patient}`,
  `Patient?identifier=${record}`,
  `Patient?family=${family}&birthdate=${birthDate}`,
  'Patient?_sort=-_lastUpdated&_count=20',
  `Observation?patient=${patient}&category=vital-signs&_sort=-date&_count=50`,
  `Observation?patient=${patient}&category=laboratory&date=ge2024-01-01`,
  `Observation?patient=${patient}&category=laboratory&status=final&_count=20`,
  `Observation?patient=${patient}&code=http://loinc.org|85354-9&_count=20`,
  `Observation?encounter=Encounter/${encounter}`,
  'Observation?code=http://loinc.org|85354-9&date=ge2022-01-01&_count=50',
  'Observation?category=vital-signs&status=final&_count=50',
  `Condition?patient=${patient}&clinical-status=active`,
  `Condition?patient=${patient}&category=problem-list-item`,
  `MedicationRequest?patient=${patient}&intent=order&status=active`,
  `Immunization?patient=${patient}&status=completed`,
  `AllergyIntolerance?patient=${patient}`,
  `Encounter?patient=${patient}&date=ge2024-01-01&_revinclude=DiagnosticReport:encounter`,
  `DiagnosticReport?patient=${patient}&category=LAB&date=ge2022-01-01`,
  `DocumentReference?patient=${patient}&category=clinical-note&_total=accurate`,
  `Procedure?patient=${patient}&date=ge2020-01-01&_include=Procedure:encounter`,
]

/** Returns searches whose work grows with how many bear the name, though one of them is the answer. */
export const namesakesOf = ({ birthDate, family, given }: Subject): string[] => [
  `Patient?name=${family}&birthdate=${birthDate}`,
  `Patient?family=${family}&given=${given}`,
  `Patient?family=${family}&given=${given}&gender=female,male`,
]
