import { ageAt, atClock, monthOf, oneDay, workday, year } from './calendar.ts'
import type { Dice } from './dice.ts'
import type { PanelName } from './labs.ts'
import { type Ailment, ailmentAt, type Person } from './person.ts'
import { type DiseaseName, type Illness, illnesses } from './tables/illnesses.ts'

export type VisitKind = 'well-child' | 'check-up' | 'follow-up' | 'acute'

/** A visit to the clinic and its activities. */
export interface ClinicVisit {
  at: number
  kind: VisitKind
  illness?: Illness
  /** The diseases of a follow-up visit. */
  diseases: readonly DiseaseName[]
  panels: readonly PanelName[]
}

type VisitPlan = Omit<ClinicVisit, 'panels'>

const month = year / 12

/** Ages in months of the visits of every child; from the age of three, a visit a year. */
const childMonths = [
  0.2,
  1,
  2,
  4,
  6,
  9,
  12,
  15,
  18,
  24,
  30,
  ...Array.from({ length: 15 }, (_, i) => 36 + 12 * i),
]

const wellChild = ({ born }: Person, d: Dice): readonly VisitPlan[] =>
  childMonths.map((months) => ({
    at: born + (months + d.between(0, 0.15)) * month,
    kind: 'well-child',
    diseases: [],
  }))

/** Returns instants from `from` to `to`, about `step` apart. */
const every = (from: number, to: number, step: number, d: Dice): readonly number[] =>
  Array.from(
    { length: Math.max(0, Math.floor((to - from) / step)) },
    (_, i) => from + (i + d.between(0, 0.25)) * step,
  )

const checkUps = (person: Person, d: Dice): readonly VisitPlan[] =>
  every(Math.max(person.since, person.born + 18 * year) + d.roll() * year, person.until, year, d).map(
    (at) => ({
      at,
      kind: 'check-up',
      diseases: [],
    }),
  )

const chronic: readonly DiseaseName[] = ['hypertension', 'diabetes', 'hyperlipidemia']

const followUps = (
  person: Person,
  names: readonly DiseaseName[],
  step: number,
  d: Dice,
): readonly VisitPlan[] => {
  const onsets = person.ailments.filter(({ name }) => names.includes(name)).map(({ onset }) => onset)
  if (onsets.length === 0) return []
  const from = Math.max(person.since + d.roll() * step, Math.min(...onsets))
  return [...onsets, ...every(from, person.until, step, d)].map((at) => ({
    at,
    kind: 'follow-up',
    diseases: names.filter((name) => ailmentAt(person, name, at)),
  }))
}

const illnessAt = (person: Person, at: number, d: Dice): Illness => {
  const age = ageAt(person.born, at)
  return d.pick(illnesses.filter(({ ages: [from, to] }) => age >= from && age < to))
}

const acute = (person: Person, d: Dice): readonly VisitPlan[] => {
  const asthmatic = person.ailments.some(({ name }: Ailment) => name === 'asthma')
  const young = ageAt(person.born, person.until) < 12
  const count = Math.round(
    ((person.until - person.since) / year) * ((asthmatic ? 0.5 : 0) + (young ? 1 : d.between(0.2, 0.8))),
  )
  return Array.from({ length: count }, () => d.between(person.since, person.until)).map((at) => ({
    at,
    kind: 'acute',
    diseases: [],
    illness: illnessAt(person, at, d),
  }))
}

const panelsOf = ({ kind, at, diseases }: VisitPlan, person: Person, d: Dice): readonly PanelName[] => {
  const age = ageAt(person.born, at)
  if (kind === 'check-up')
    return age >= 35 || d.chance(0.4) ? ['metabolic', 'lipids', 'bloodCount'] : ['bloodCount']
  if (kind === 'well-child') return age > 0.95 && age < 1.1 ? ['bloodCount'] : []
  if (kind === 'acute') return d.chance(0.15) ? ['bloodCount'] : []
  return [
    ...(diseases.includes('diabetes') ? (['hemoglobinA1c'] as const) : []),
    ...(chronic.some((name) => diseases.includes(name)) && d.chance(0.35) ? (['metabolic'] as const) : []),
    ...(diseases.includes('hyperlipidemia') && d.chance(0.35) ? (['lipids'] as const) : []),
  ]
}

/** Returns the plans in order of time, within the person's records, in office hours, no two within the same week. */
const arranged = (
  plans: readonly VisitPlan[],
  { since, until, town: { zone } }: Person,
  d: Dice,
): readonly VisitPlan[] => {
  const placed = plans
    .filter(({ at }) => at >= since && at < until - 5 * oneDay)
    .map((plan) => ({ ...plan, at: atClock(workday(plan.at, zone), 480 + 15 * d.whole(0, 34), zone) }))
    .sort((a, b) => a.at - b.at)
  return placed.filter((plan, i) => i === 0 || plan.at - (placed[i - 1]?.at ?? 0) > 7 * oneDay)
}

/** Returns all the visits of a person's records, oldest first. */
export const visitsOf = (person: Person, d: Dice): readonly ClinicVisit[] => {
  const plans = [
    ...wellChild(person, d),
    ...checkUps(person, d),
    ...followUps(person, chronic, 130 * oneDay, d),
    ...followUps(person, ['asthma'], 182 * oneDay, d),
    ...acute(person, d),
  ]
  return arranged(plans, person, d).map((plan) => ({ ...plan, panels: panelsOf(plan, person, d) }))
}

/** Returns the year in which a visit's influenza season began, or undefined outside September to January. */
export const influenzaSeason = ({ at }: ClinicVisit): number | undefined => {
  const now = monthOf(at)
  const calendarYear = new Date(at).getUTCFullYear()
  if (now >= 9) return calendarYear
  return now === 1 ? calendarYear - 1 : undefined
}
