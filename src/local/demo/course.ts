import { ageAt, oneDay, year } from './calendar.ts'
import type { Dice } from './dice.ts'
import { type Ailment, ailmentAt, type Person } from './person.ts'
import type { VitalName } from './tables/codes.ts'
import { interpolate, medianHead, medianHeight, medianWeight } from './tables/growth.ts'
import type { DiseaseName, Illness } from './tables/illnesses.ts'

/** The measurements of a visit; those that do not fit the person's age are absent. */
export type Vitals = Partial<Record<VitalName | 'systolic' | 'diastolic', number>>

const clamp = (low: number, value: number, high: number): number => Math.min(high, Math.max(low, value))

/** Returns the severity of a disease, 0 to 1: it begins a year and a half before the diagnosis. */
const developed = ({ onset }: Ailment, at: number): number => clamp(0, (at - onset) / (1.5 * year) + 1, 1)

/** Returns the effect of the treatment, 0 to 1: full after half a year, little during a lapse. */
const treated = ({ onset, lapse }: Ailment, at: number): number => {
  const full = clamp(0, (at - onset) / (180 * oneDay), 1)
  return at > lapse.from && at < lapse.to ? 0.3 * full : full
}

const findAilment = ({ ailments }: Person, name: DiseaseName): Ailment | undefined =>
  ailments.find((ailment) => ailment.name === name)

/** Returns the addition of a disease to a value: `rise` at full severity, reduced by the treatment. */
export const burden = (
  person: Person,
  name: DiseaseName,
  at: number,
  rise: number,
  relief: number,
): number => {
  const ailment = findAilment(person, name)
  if (!ailment) return 0
  const strength = rise * (0.6 + 0.4 * ailment.severity)
  return strength * developed(ailment, at) * (1 - relief * treated(ailment, at))
}

/** Returns a triangle wave between -1 and 1 that peaks in midwinter: blood pressure and weight follow the seasons. */
const season = (at: number): number => Math.abs(((((at / year) % 1) + 1) % 1) - 0.5) * 4 - 1

const adultPressure = (person: Person, at: number): readonly [number, number] => {
  const { baseline } = person
  const age = ageAt(person.born, at)
  const heavy = ailmentAt(person, 'obesity', at) ? 4 : 0
  return [
    baseline.systolic +
      0.3 * Math.max(0, age - 40) +
      burden(person, 'hypertension', at, 42, 0.8) +
      heavy +
      2 * season(at),
    baseline.diastolic + burden(person, 'hypertension', at, 22, 0.8) + heavy / 2 + season(at),
  ]
}

const childPressure = (age: number, tall: number): readonly [number, number] => [
  clamp(88, 89 + 1.9 * age + tall, 118),
  clamp(48, 53 + 1.2 * age + tall / 2, 76),
]

const pressuresAt = (person: Person, at: number, d: Dice): Vitals => {
  const age = ageAt(person.born, at)
  if (age < 3) return {}
  const [systolic, diastolic] = age < 18 ? childPressure(age, person.tall) : adultPressure(person, at)
  const high = systolic + d.around(0, 4.5)
  return { systolic: high, diastolic: clamp(40, diastolic + d.around(0, 3), high - 22) }
}

const pulseAges = [0, 0.5, 1, 3, 5, 10, 15, 18]
const pulseAt = (age: number): number => interpolate(pulseAges, [138, 130, 118, 106, 98, 84, 76, 72], age)
const breathsAt = (age: number): number => interpolate(pulseAges, [44, 36, 30, 25, 22, 19, 16.5, 15], age)

const feverish = (illness: Illness | undefined, d: Dice): number =>
  illness ? illness.fever * d.between(0.4, 1.3) : 0

const circulation = (person: Person, at: number, d: Dice, illness?: Illness): Vitals => {
  const age = ageAt(person.born, at)
  const fever = feverish(illness, d)
  const short = illness ? (ailmentAt(person, 'asthma', at) ? -3 : 0) + illness.oxygen : 0
  const smoked = person.smoking === 'daily' && age > 18 ? 1 : 0
  const resting = age < 18 ? pulseAt(age) : person.baseline.pulse
  return {
    pulse: resting + 9 * fever + 3 * smoked + d.around(0, 4),
    breaths: breathsAt(age) + 1.5 * fever - 0.8 * short + d.around(0, 1),
    temperature: 36.7 + fever + d.around(0, 0.2),
    oxygen: clamp(86, person.baseline.oxygen - smoked + short + d.around(0, 0.6), 100),
  }
}

/** Returns the height in centimetres at an instant, shrinking a little from the age of sixty. */
export const heightAt = ({ gender, born, tall }: Person, at: number): number => {
  const age = ageAt(born, at)
  return medianHeight(gender, age) * (1 + 0.04 * tall) - 0.08 * Math.max(0, age - 60)
}

const childWeight = ({ gender, tall, heavy }: Person, age: number): number =>
  medianWeight(gender, age) * (1 + 0.12 * heavy) * (1 + 0.04 * tall) ** 2

const adultBmi = (person: Person, at: number): number => {
  const age = ageAt(person.born, at)
  const young = childWeight(person, 18) / (heightAt(person, person.born + 18 * year) / 100) ** 2
  const settled = person.baseline.bmi + (person.drift * (at - person.since)) / year + 0.3 * season(at)
  return interpolate([18, 30], [young, settled], age) + burden(person, 'obesity', at, 11, 0.12)
}

/** Returns the weight in kilograms at an instant. */
export const weightAt = (person: Person, at: number): number => {
  const age = ageAt(person.born, at)
  return age < 18 ? childWeight(person, age) : adultBmi(person, at) * (heightAt(person, at) / 100) ** 2
}

const tenth = (value: number): number => Math.round(value * 10) / 10

const measures = (person: Person, at: number, d: Dice, thorough: boolean): Vitals => {
  const age = ageAt(person.born, at)
  const weight = tenth(weightAt(person, at) * (1 + d.around(0, 0.006)))
  if (!thorough) return { weight }
  const height = tenth(heightAt(person, at) + d.around(0, 0.25))
  const head = age < 2 ? { head: medianHead(age) * (1 + 0.012 * person.tall) } : {}
  return { weight, height, ...head, ...(age < 2 ? {} : { bmi: weight / (height / 100) ** 2 }) }
}

/** Returns the vital signs of a visit; a thorough visit adds the height and the body mass index. */
export const vitalsAt = (
  person: Person,
  at: number,
  d: Dice,
  thorough: boolean,
  illness?: Illness,
): Vitals => ({
  ...pressuresAt(person, at, d),
  ...circulation(person, at, d, illness),
  ...measures(person, at, d, thorough),
})
