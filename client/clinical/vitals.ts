import type { Observation } from 'fhir/r4.js'
import { adultRange } from './bands.ts'
import { conceptText } from './text.ts'
import { yearsAt } from './time.ts'
import {
  counts,
  effective,
  type FallbackRange,
  inOrder,
  type Measurement,
  measurement,
  type Reading,
  reading,
  type Trend,
} from './trend.ts'

/** A vital sign by its LOINC codes; `parts` are component codes, in the order they are said. */
interface Vital {
  key: string
  title: string
  codes: readonly string[]
  parts: readonly (readonly [code: string, name: string])[]
}

const vital = (key: string, title: string, codes: readonly string[], parts: Vital['parts'] = []): Vital => ({
  key,
  title,
  codes,
  parts,
})

const systolic = '8480-6'
const diastolic = '8462-4'

/** The vital signs in the order the page shows them. */
export const vitals: readonly Vital[] = [
  vital(
    'blood-pressure',
    'Blood pressure',
    ['85354-9', '55284-4'],
    [
      [systolic, 'Systolic'],
      [diastolic, 'Diastolic'],
    ],
  ),
  vital('heart-rate', 'Heart rate', ['8867-4']),
  vital('temperature', 'Temperature', ['8310-5', '8331-1', '8332-9', '8328-7', '8333-7']),
  vital('respiration', 'Respiration', ['9279-1']),
  vital('oxygen-saturation', 'Oxygen saturation', ['2708-6', '59408-5']),
  vital('weight', 'Weight', ['29463-7', '3141-9']),
  vital('height', 'Height', ['8302-2', '8308-9']),
  vital('bmi', 'BMI', ['39156-5']),
]

const codes = (observation: Observation): string[] =>
  observation.code?.coding?.map((coding) => coding.code ?? '') ?? []

const kindOf = (observation: Observation): Vital => {
  const own = codes(observation)
  const known = vitals.find((each) => each.codes.some((code) => own.includes(code)))
  return (
    known ?? vital(own[0] ?? conceptText(observation.code), conceptText(observation.code) || 'Not coded', [])
  )
}

const componentReadings = (observation: Observation, kind: Vital, fallback: FallbackRange): Reading[] => {
  const at = measurement(observation, []).at
  return kind.parts.flatMap(([code, name]) => {
    const component = observation.component?.find((each) =>
      each.code.coding?.some((coding) => coding.code === code),
    )
    return (component && reading(component, name, at, fallback)) ?? []
  })
}

const ownReading = (observation: Observation, fallback: FallbackRange): Reading[] => {
  const found = reading(observation, '', measurement(observation, []).at, fallback)
  return found ? [found] : []
}

const readings = (observation: Observation, kind: Vital, fallback: FallbackRange): Reading[] =>
  kind.parts.length > 0 ? componentReadings(observation, kind, fallback) : ownReading(observation, fallback)

/** Turns lone systolic and diastolic observations of the same time into panels, as the others come. */
const paired = (observations: readonly Observation[]): Observation[] => {
  const lone = (code: string) => observations.filter((each) => codes(each).includes(code))
  const diastolics = Map.groupBy(lone(diastolic), effective)
  const panels = lone(systolic).map((upper): Observation => {
    const lower = diastolics.get(effective(upper))?.[0]
    const component = [upper, lower].flatMap((each) => (each ? [{ ...each, code: each.code }] : []))
    return { ...upper, code: { coding: [{ code: '85354-9' }] }, component }
  })
  const rest = observations.filter(
    (each) => !codes(each).some((code) => code === systolic || code === diastolic),
  )
  return panels.length > 0 ? [...rest, ...panels] : rest
}

const fallbackFor =
  (kind: string, birthDate: string | undefined): FallbackRange =>
  (part, unit, at) =>
    adultRange(kind, part, unit, yearsAt(birthDate, at))

interface Measured {
  kind: Vital
  unit: string
  measurement: Measurement
}

const measured = (observation: Observation, birthDate: string | undefined): Measured => {
  const kind = kindOf(observation)
  const found = readings(observation, kind, fallbackFor(kind.key, birthDate))
  return { kind, unit: found[0]?.unit ?? '', measurement: measurement(observation, found) }
}

const trendOf = (group: readonly Measured[]): Trend => {
  const first = group[0] as Measured
  return {
    key: `${first.kind.key}|${first.unit}`,
    title: first.kind.title,
    unit: first.unit,
    parts: first.kind.parts.length > 0 ? first.kind.parts.map(([, name]) => name) : [''],
    measurements: inOrder(group.map((each) => each.measurement)),
  }
}

const place = (trend: Trend): number => {
  const index = vitals.findIndex((each) => trend.key.startsWith(`${each.key}|`))
  return index < 0 ? vitals.length : index
}

/** Turns observations into one trend for each vital sign and unit; what a unit says is never converted. */
export const vitalTrends = (observations: readonly Observation[], birthDate: string | undefined): Trend[] => {
  const all = paired(observations.filter(counts)).map((each) => measured(each, birthDate))
  const groups = Map.groupBy(
    all.filter((each) => each.measurement.readings.length > 0),
    (each) => `${each.kind.key}|${each.unit}`,
  )
  return [...groups.values()].map(trendOf).sort((a, b) => place(a) - place(b) || (a.title < b.title ? -1 : 1))
}
