import { ageAt, oneDay, year } from './calendar.ts'
import { type Dice, dice } from './dice.ts'
import {
  type Allergy,
  allergies,
  type Disease,
  type DiseaseName,
  diseaseNames,
  diseases,
} from './tables/illnesses.ts'
import { familyNames, femaleNames, maleNames, streets, type Town, towns } from './tables/names.ts'

export type Gender = 'female' | 'male'

/** A disease of a person: its start, its severity, and the lapse of its treatment. */
export interface Ailment {
  name: DiseaseName
  onset: number
  /** 0 to 1. */
  severity: number
  lapse: { from: number; to: number }
}

/** Everything about a person that their records follow from. */
export interface Person {
  seed: number
  index: number
  gender: Gender
  born: number
  given: readonly string[]
  family: string
  town: Town
  street: string
  /** The begin of the records and their last instant. */
  since: number
  until: number
  /** Deviations from the median height and from the median weight for that height. */
  tall: number
  heavy: number
  /** Kilograms per square metre that an adult gains or loses in a year. */
  drift: number
  smoking: 'never' | 'former' | 'daily'
  ailments: readonly Ailment[]
  allergies: readonly Allergy[]
  baseline: Baseline
}

/** A healthy young adult's values, about which the courses move. */
export interface Baseline {
  systolic: number
  diastolic: number
  pulse: number
  oxygen: number
  bmi: number
  a1c: number
  ldl: number
  hdl: number
  triglycerides: number
  hemoglobin: number
  creatinine: number
}

const ageBands: readonly (readonly [upTo: number, from: number, to: number])[] = [
  [0.22, 1, 17],
  [0.42, 18, 39],
  [0.72, 40, 64],
  [1, 65, 92],
]

const drawAge = (d: Dice): number => {
  const place = d.roll()
  const [, from, to] = ageBands.find(([upTo]) => place < upTo) ?? [1, 40, 64]
  return d.between(from, to)
}

const drawBaseline = (d: Dice, gender: Gender): Baseline => {
  const male = gender === 'male'
  return {
    systolic: d.around(male ? 118 : 113, 5),
    diastolic: d.around(male ? 75 : 72, 4),
    pulse: d.around(male ? 70 : 74, 6),
    oxygen: d.around(98.2, 0.5),
    bmi: d.around(24.6, 2),
    a1c: d.around(5.3, 0.15),
    ldl: d.around(108, 15),
    hdl: d.around(male ? 47 : 57, 8),
    triglycerides: d.around(115, 25),
    hemoglobin: d.around(male ? 15.1 : 13.5, 0.6),
    creatinine: d.around(male ? 0.96 : 0.78, 0.08),
  }
}

const drawAilment = (d: Dice, name: DiseaseName, born: number, until: number): Ailment | undefined => {
  const { share, onset }: Disease = diseases[name]
  const has = d.chance(share)
  const starts = born + d.between(...onset) * year
  const severity = d.roll()
  const from = until - d.between(0.3, 4) * year
  const lapse = { from, to: from + d.between(120, 300) * oneDay }
  return has && starts < until ? { name, onset: starts, severity, lapse } : undefined
}

const drawAllergies = (d: Dice): readonly Allergy[] => {
  const count = d.pick([0, 0, 0, 1, 1, 2])
  const start = d.whole(0, allergies.length - 1)
  return Array.from({ length: count }, (_, i) => allergies[(start + i * 4) % allergies.length] as Allergy)
}

const drawGiven = (d: Dice, gender: Gender): readonly string[] => {
  const pool = gender === 'female' ? femaleNames : maleNames
  const [first, second] = [d.pick(pool), d.pick(pool)]
  return d.chance(0.6) && first !== second ? [first, second] : [first]
}

const drawFamily = (d: Dice): string => {
  const [first, second] = [d.pick(familyNames), d.pick(familyNames)]
  return d.chance(0.12) && first !== second ? `${first}-${second}` : first
}

/** Years that the records of children and of adults reach back. */
export interface RecordSpan {
  until: number
  childYears: number
  adultYears: number
}

/** Returns the person of a seed and an index as they are known at the span's end. */
export const drawPerson = (
  seed: number,
  index: number,
  { until, childYears, adultYears }: RecordSpan,
): Person => {
  const d = dice(seed, index, 1)
  const gender = d.pick<Gender>(['female', 'male'])
  const born = until - drawAge(d) * year
  const years = ageAt(born, until) < 18 ? childYears : adultYears
  return {
    seed,
    index,
    gender,
    born,
    given: drawGiven(d, gender),
    family: drawFamily(d),
    town: d.pick(towns),
    street: `${d.whole(1, 2400)} ${d.pick(streets)}`,
    since: Math.max(born, until - years * year),
    until,
    tall: d.around(0, 0.9),
    heavy: d.around(0, 0.8),
    drift: d.around(0.05, 0.15),
    smoking: d.pick(['never', 'never', 'never', 'former', 'daily']),
    ailments: diseaseNames
      .map((name) => drawAilment(d, name, born, until))
      .filter((ailment) => ailment !== undefined),
    allergies: drawAllergies(d),
    baseline: drawBaseline(d, gender),
  }
}

/** Returns the person's ailment of that name if it had begun by the instant. */
export const ailmentAt = ({ ailments }: Person, name: DiseaseName, at: number): Ailment | undefined =>
  ailments.find((ailment) => ailment.name === name && ailment.onset <= at)
