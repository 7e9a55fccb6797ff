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
  { visit, before }: Turn,
  doses: readonly Due[],
): void => {
  const from = before ? before.at : chart.person.since
  for (const dose of doses) {
    if (dose.at >= from && dose.at < visit.at) addImmunization(chart, { ...dose, at: visit.at, encounter })
  }
}

const addInfluenza = (
  chart: Chart,
  encounter: Reference,
  visits: readonly ClinicVisit[],
  i: number,
): void => {
  const visit = visits[i] as ClinicVisit
  const season = influenzaSeason(visit)
  const sooner = visits
    .slice(0, i)
    .some((other) => influenzaSeason(other) === season && other.kind !== 'acute')
  if (season === undefined || sooner || visit.kind === 'acute' || ageAt(chart.person.born, visit.at) < 0.5)
    return
  addImmunization(chart, { vaccine: influenza, at: visit.at, encounter })
}

/** A visit among its neighbours: `before` is the routine visit before. */
interface Turn {
  visit: ClinicVisit
  before: ClinicVisit | undefined
  lastRoutine: boolean
}

const turnsOf = (visits: readonly ClinicVisit[]): readonly Turn[] => {
  const last = visits.findLast(routine)
  return visits.map((visit, i) => ({
    visit,
    before: visits.slice(0, i).findLast(routine),
    lastRoutine: visit === last,
  }))
}

/** Adds the lasting diseases of a visit: new ones to the problem list, old prescriptions renewed. */
const addLasting = (
  chart: Chart,
  encounter: Reference,
  turn: Turn,
  problems: Map<Ailment, Reference>,
): void => {
  const { visit, lastRoutine } = turn
  for (const ailment of chart.person.ailments) {
    if (ailment.onset > visit.at || visit.kind === 'acute') continue
    const known = problems.get(ailment)
    const reason = known ?? addProblem(chart, encounter, visit.at, ailment)
    problems.set(ailment, reason)
    if (known && !routine(visit)) continue
    const medicines: readonly Medicine[] = diseases[ailment.name].medicines
    for (const medicine of medicines) {
      addMedication(chart, { encounter, at: visit.at, medicine, reason, lasting: lastRoutine })
    }
  }
}

const addMeasurements = (chart: Chart, encounter: Reference, visit: ClinicVisit, d: Dice): void => {
  const { person } = chart
  addVitals(chart, encounter, visit.at, vitalsAt(person, visit.at, d, routine(visit), visit.illness))
  if (visit.kind === 'check-up') addSmoking(chart, encounter, visit.at)
  for (const name of visit.panels) addPanel(chart, encounter, visit.at, name, d)
  for (const name of examinationsAt(visit, person.born, d)) addProcedure(chart, encounter, visit.at, name)
}

const addVisits = (chart: Chart, d: Dice): void => {
  const visits = visitsOf(chart.person, d)
  const doses = dosesOf(chart.person)
  const problems = new Map<Ailment, Reference>()
  addEarlierDoses(chart, doses)
  for (const [i, turn] of turnsOf(visits).entries()) {
    const { visit } = turn
    const encounter = addEncounter(chart, visit, d)
    addMeasurements(chart, encounter, visit, d)
    addLasting(chart, encounter, turn, problems)
    if (visit.illness) addIllness(chart, encounter, visit.at, visit.illness, d)
    if (routine(visit)) addDueDoses(chart, encounter, turn, doses)
    addInfluenza(chart, encounter, visits, i)
    addNote(chart, encounter, visit)
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
