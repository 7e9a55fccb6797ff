import type { Immunization } from 'fhir/r4.js'
import { conceptKey } from './concept-key.ts'
import { conceptText } from './text.ts'
import { dayText, instant } from './time.ts'

/** One dose, given or not. */
export interface Dose {
  id: string
  when: string
  at: number
  given: boolean
  note: string
}

/** All doses of one vaccine, oldest first. */
export interface Vaccine {
  key: string
  title: string
  doses: readonly Dose[]
}

const occurrence = (immunization: Immunization): string =>
  immunization.occurrenceDateTime ??
  immunization.occurrenceString ??
  (immunization.recorded === undefined ? '' : `recorded ${dayText(immunization.recorded)}`)

const note = (immunization: Immunization): string => {
  const reason = conceptText(immunization.statusReason)
  if (immunization.status === 'completed') return 'Given'
  return `Not given${reason ? `: ${reason}` : ''}`
}

const dose = (immunization: Immunization): Dose => {
  const when = occurrence(immunization)
  return {
    id: immunization.id ?? '',
    when,
    at: instant(when),
    given: immunization.status === 'completed',
    note: note(immunization),
  }
}

const vaccine = (key: string, group: readonly Immunization[]): Vaccine => ({
  key,
  title: conceptText(group[0]?.vaccineCode) || 'Vaccine not coded',
  doses: group.map(dose).sort((a, b) => (a.at || 0) - (b.at || 0)),
})

/** Returns when a vaccine was last given; undefined where it never was. */
export const lastGiven = ({ doses }: Vaccine): string | undefined =>
  doses.findLast((each) => each.given)?.when

const newest = (of: Vaccine): number => instant(lastGiven(of)) || 0

/** Turns immunizations into one row for each vaccine, the one given last first. */
export const vaccines = (immunizations: readonly Immunization[]): Vaccine[] => {
  const valid = immunizations.filter((each) => each.status !== 'entered-in-error')
  const groups = Map.groupBy(valid, (each) => conceptKey(each.vaccineCode, 'cvx'))
  return [...groups].map(([key, group]) => vaccine(key, group)).sort((a, b) => newest(b) - newest(a))
}

/** A tick of a time axis, and where it stands between 0 and 1. */
export interface Tick {
  label: string
  place: number
}

/** The time axis of a chart: first and last instant, and whole years to mark. */
export interface Axis {
  from: number
  to: number
  ticks: readonly Tick[]
}

const steps = [1, 2, 5, 10, 20, 50]

/** Returns an axis of whole years around instants, with at most `most` ticks. */
export const yearAxis = (instants: readonly number[], most: number): Axis => {
  const known = instants.filter((at) => !Number.isNaN(at))
  const first = new Date(known.reduce((a, b) => Math.min(a, b), Date.now())).getFullYear()
  const last = new Date(known.reduce((a, b) => Math.max(a, b), 0)).getFullYear() + 1
  const step = steps.find((each) => (last - first) / each <= most) ?? 100
  const start = Math.floor(first / step) * step
  const end = Math.max(Math.ceil(last / step) * step, start + step)
  const from = new Date(start, 0).getTime()
  const to = new Date(end, 0).getTime()
  const count = Math.round((end - start) / step) + 1
  const ticks = Array.from({ length: count }, (_, index) => start + index * step).map((year) => ({
    label: String(year),
    place: (new Date(year, 0).getTime() - from) / (to - from),
  }))
  return { from, to, ticks }
}

/** Returns where an instant stands on an axis, between 0 and 1. */
export const placeOn = (axis: Axis, at: number): number => (at - axis.from) / (axis.to - axis.from)
