import type { Bundle, Reference } from 'fhir/r4.js'
import { ageAt, year } from './calendar.ts'
import {
  addAllergy,
  addEncounter,
  addIllness,
  addImmunization,
  addMedication,
  addNote,
  addProblem,
  addProcedure,
  examinationsAt,
} from './care.ts'
import { addToChart, type Chart, emptyPages } from './chart.ts'
import { vitalsAt } from './course.ts'
import { type Dice, dice } from './dice.ts'
import { clinicOf, organization, patient, practitioner, unlessKnown } from './identity.ts'
import { addPanel, addSmoking, addVitals } from './observations.ts'
import { type Ailment, drawPerson, type Person } from './person.ts'
import { diseases, type Medicine } from './tables/illnesses.ts'
import { influenza, schedule, type Vaccine } from './tables/vaccines.ts'
import { type ClinicVisit, influenzaSeason, visitsOf } from './visits.ts'

/** Settings of the generated records; each has a default. */
export interface DemoOptions {
  /** The last day of the records, as `2026-01-01`; "now" is derived from it alone. */
  until?: string
  /** Years that the records of an adult and of a child reach back. */
  adultYears?: number
  childYears?: number
}

const opened = (person: Person): Chart => {
  const pages = emptyPages(person)
  const clinic = clinicOf(person)
  const place = organization(person.seed, clinic)
  const doctor = practitioner(person.seed, clinic, person.index % 4)
  const managing = addToChart(pages, place, unlessKnown(place))
  const treating = addToChart(pages, doctor, unlessKnown(doctor))
  const subject = addToChart(pages, patient(person, treating, managing))
  return { ...pages, person, patient: subject, practitioner: treating, organization: managing }
}

/** A dose that is due from an instant on. */
interface Due {
  vaccine: Vaccine
  number: number
  at: number
}

const dosesOf = ({ born, until }: Person): readonly Due[] =>
  schedule
    .flatMap((vaccine) =>
      vaccine.due.map((months, i) => ({ vaccine, number: i + 1, at: born + (months * year) / 12 })),
    )
    .filter(({ at }) => at < until)
    .sort((a, b) => a.at - b.at)

/** Adds the doses of a child that were given before the records begin. */
const addEarlierDoses = (chart: Chart, doses: readonly Due[]): void => {
  const { born, since, until } = chart.person
  if (ageAt(born, until) >= 19) return
  for (const dose of doses) if (dose.at < since) addImmunization(chart, dose)
}

const routine = ({ kind }: ClinicVisit): boolean => kind === 'check-up' || kind === 'well-child'

const addDueDoses = (
  chart: Chart,
  encounter: Reference,
  { clinicVisit, before }: Turn,
  doses: readonly Due[],
): void => {
  const from = before ? before.at : chart.person.since
  for (const dose of doses) {
    if (dose.at >= from && dose.at < clinicVisit.at)
      addImmunization(chart, { ...dose, at: clinicVisit.at, encounter })
  }
}

const addInfluenza = (
  chart: Chart,
  encounter: Reference,
  visits: readonly ClinicVisit[],
  i: number,
): void => {
  const clinicVisit = visits[i] as ClinicVisit
  const season = influenzaSeason(clinicVisit)
  const sooner = visits
    .slice(0, i)
    .some((other) => influenzaSeason(other) === season && other.kind !== 'acute')
  if (
    season === undefined ||
    sooner ||
    clinicVisit.kind === 'acute' ||
    ageAt(chart.person.born, clinicVisit.at) < 0.5
  )
    return
  addImmunization(chart, { vaccine: influenza, at: clinicVisit.at, encounter })
}

/** A visit among its neighbours: `before` is the routine visit before. */
interface Turn {
  clinicVisit: ClinicVisit
  before: ClinicVisit | undefined
  lastRoutine: boolean
}

const turnsOf = (visits: readonly ClinicVisit[]): readonly Turn[] => {
  const last = visits.findLast(routine)
  return visits.map((clinicVisit, i) => ({
    clinicVisit,
    before: visits.slice(0, i).findLast(routine),
    lastRoutine: clinicVisit === last,
  }))
}

/** Adds the lasting diseases of a visit: new ones to the problem list, old prescriptions renewed. */
const addLasting = (
  chart: Chart,
  encounter: Reference,
  turn: Turn,
  problems: Map<Ailment, Reference>,
): void => {
  const { clinicVisit, lastRoutine } = turn
  for (const ailment of chart.person.ailments) {
    if (ailment.onset > clinicVisit.at || clinicVisit.kind === 'acute') continue
    const known = problems.get(ailment)
    const reason = known ?? addProblem(chart, encounter, clinicVisit.at, ailment)
    problems.set(ailment, reason)
    if (known && !routine(clinicVisit)) continue
    const medicines: readonly Medicine[] = diseases[ailment.name].medicines
    for (const medicine of medicines) {
      addMedication(chart, { encounter, at: clinicVisit.at, medicine, reason, lasting: lastRoutine })
    }
  }
}

const addMeasurements = (chart: Chart, encounter: Reference, clinicVisit: ClinicVisit, d: Dice): void => {
  const { person } = chart
  addVitals(
    chart,
    encounter,
    clinicVisit.at,
    vitalsAt(person, clinicVisit.at, d, routine(clinicVisit), clinicVisit.illness),
  )
  if (clinicVisit.kind === 'check-up') addSmoking(chart, encounter, clinicVisit.at)
  for (const name of clinicVisit.panels) addPanel(chart, encounter, clinicVisit.at, name, d)
  for (const name of examinationsAt(clinicVisit, person.born, d))
    addProcedure(chart, encounter, clinicVisit.at, name)
}

const addVisits = (chart: Chart, d: Dice): void => {
  const visits = visitsOf(chart.person, d)
  const doses = dosesOf(chart.person)
  const problems = new Map<Ailment, Reference>()
  addEarlierDoses(chart, doses)
  for (const [i, turn] of turnsOf(visits).entries()) {
    const { clinicVisit } = turn
    const encounter = addEncounter(chart, clinicVisit, d)
    addMeasurements(chart, encounter, clinicVisit, d)
    addLasting(chart, encounter, turn, problems)
    if (clinicVisit.illness) addIllness(chart, encounter, clinicVisit.at, clinicVisit.illness, d)
    if (routine(clinicVisit)) addDueDoses(chart, encounter, turn, doses)
    addInfluenza(chart, encounter, visits, i)
    addNote(chart, encounter, clinicVisit)
  }
}

/**
 * Returns the transaction Bundle of a made-up patient. Equal arguments give the same bytes once JSON.stringify has
 * written the Bundle; its decimals are for writing, not for arithmetic.
 */
export const patientBundle = (seed: number, index: number, options: DemoOptions = {}): Bundle => {
  const { until = '2026-01-01', adultYears = 5, childYears = 10 } = options
  const person = drawPerson(seed, index, { until: Date.parse(until), adultYears, childYears })
  const chart = opened(person)
  for (const allergy of person.allergies) addAllergy(chart, allergy)
  addVisits(chart, dice(seed, index, 11))
  return { resourceType: 'Bundle', type: 'transaction', entry: chart.entries }
}

/**
 * Yields the JSON text of `count` patients' Bundles, each made when the caller asks for the next, so that millions take
 * no memory.
 */
export function* demoBundles(
  count: number,
  options: DemoOptions & { seed?: number } = {},
): Generator<string> {
  const { seed = 1, ...rest } = options
  for (let index = 0; index < count; index++) yield JSON.stringify(patientBundle(seed, index, rest))
}
