import type { Observation, ObservationComponent } from 'fhir/r4.js'
import { adultRange } from './bands.ts'
import { codesOf, systems } from './codes.ts'
import { conceptKey } from './concept-key.ts'
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
  unfolded,
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

const codes = ({ code }: Observation | ObservationComponent): string[] => codesOf('loinc', code)

const kindOf = (observation: Observation): Vital => {
  const own = codes(observation)
  const known = vitals.find((each) => each.codes.some((code) => own.includes(code)))
  return (
    known ?? vital(conceptKey(observation.code, 'loinc'), conceptText(observation.code) || 'Not coded', [])
  )
}

const isPartOf =
  ({ parts }: Vital) =>
  (component: ObservationComponent): boolean =>
    parts.some(([part]) => codes(component).includes(part))

const componentReadings = (observation: Observation, kind: Vital, fallback: FallbackRange): Reading[] => {
  const at = measurement(observation, []).at
  return kind.parts.flatMap(([code, name]) => {
    const component = observation.component?.find((each) => codes(each).includes(code))
    return (component && reading(component, name, at, fallback)) ?? []
  })
}

const ownReading = (observation: Observation, fallback: FallbackRange): Reading[] => {
  const found = reading(observation, '', measurement(observation, []).at, fallback)
  return found ? [found] : []
}

const readings = (observation: Observation, kind: Vital, fallback: FallbackRange): Reading[] =>
  kind.parts.length > 0 ? componentReadings(observation, kind, fallback) : ownReading(observation, fallback)

const isPressure = (observation: Observation): boolean =>
  codes(observation).some((code) => code === systolic || code === diastolic)

const panelOf = (some: readonly Observation[]): Observation => ({
  ...(some[0] as Observation),
  code: { coding: [{ system: systems.loinc[0], code: '85354-9' }] },
  component: some.map((each) => ({ ...each, code: each.code })),
})

/** One systolic and one diastolic of the same time are a pair; which of several belong together nobody knows. */
const panelsOf = (sameTime: readonly Observation[]): Observation[] => {
  const uppers = sameTime.filter((each) => codes(each).includes(systolic))
  const isPair = sameTime.length === 2 && uppers.length === 1 && effective(sameTime[0] as Observation) !== ''
  return isPair ? [panelOf(sameTime)] : sameTime.map((each) => panelOf([each]))
}

/** Turns lone systolic and diastolic observations into panels, as the others come. */
const paired = (observations: readonly Observation[]): Observation[] => [
  ...observations.filter((each) => !isPressure(each)),
  ...[...Map.groupBy(observations.filter(isPressure), effective).values()].flatMap(panelsOf),
]

const fallbackFor =
  (kind: string, birthDate: string | undefined): FallbackRange =>
  (part, unit, at) =>
    adultRange(kind, part, unit, yearsAt(birthDate, at))

interface Measured {
  kind: Vital
  unit: string
  measurement: Measurement
}

const partsOf = ({ parts }: Vital): string[] => (parts.length > 0 ? parts.map(([, name]) => name) : [''])

/** Parts in different units are measurements of their own: side by side, one would be read in the other's unit. */
const measured = (observation: Observation, birthDate: string | undefined): Measured[] => {
  const kind = kindOf(observation)
  const found = readings(observation, kind, fallbackFor(kind.key, birthDate))
  const groups = Map.groupBy(found, ({ unit }) => unit)
  if (groups.size === 0) return [{ kind, unit: '', measurement: measurement(observation, [], partsOf(kind)) }]
  return [...groups].map(([unit, some]) => ({
    kind,
    unit,
    measurement: measurement(observation, some, partsOf(kind)),
  }))
}

const trendOf = (group: readonly Measured[]): Trend => {
  const first = group[0] as Measured
  return {
    key: `${first.kind.key}|${first.unit}`,
    title: first.kind.title,
    unit: first.unit,
    parts: partsOf(first.kind),
    measurements: inOrder(group.map((each) => each.measurement)),
  }
}

const place = (trend: Trend): number => {
  const index = vitals.findIndex((each) => trend.key.startsWith(`${each.key}|`))
  return index < 0 ? vitals.length : index
}

const allMeasured = (observations: readonly Observation[], birthDate: string | undefined): Measured[] =>
  paired(observations.filter(counts).flatMap((each) => unfolded(each, isPartOf(kindOf(each))))).flatMap(
    (each) => measured(each, birthDate),
  )

const trendsOf = (all: readonly Measured[]): Trend[] => {
  const groups = Map.groupBy(all, (each) => `${each.kind.key}|${each.unit}`)
  return [...groups.values()].map(trendOf).sort((a, b) => place(a) - place(b) || (a.title < b.title ? -1 : 1))
}

/** Turns observations into one trend for each vital sign and unit; what a unit says is never converted. */
export const vitalTrends = (observations: readonly Observation[], birthDate: string | undefined): Trend[] =>
  trendsOf(allMeasured(observations, birthDate).filter((each) => each.measurement.readings.length > 0))

/** Turns those observations into trends that have no number: a word, or why there is none. */
export const wordTrends = (observations: readonly Observation[]): Trend[] =>
  trendsOf(allMeasured(observations, undefined).filter((each) => each.measurement.readings.length === 0))
