import type { CodeableConcept, FhirResource, Observation, ObservationComponent, Reference } from 'fhir/r4.js'
import { day, hour, minute } from './calendar.ts'
import { add, type Chart, clock, quantity } from './chart.ts'
import { bloodPressure, diastolic, hl7, loinc, type Measure, snomed, systolic, vitals } from './codes.ts'
import type { Vitals } from './course.ts'
import type { Dice } from './dice.ts'
import { type PanelName, panels, type Test } from './labs.ts'

const category = (code: string, display: string): CodeableConcept[] => [
  hl7('observation-category', code, display),
]

const vitalSigns = category('vital-signs', 'Vital Signs')
const laboratory = category('laboratory', 'Laboratory')
const socialHistory = category('social-history', 'Social History')

/** What all observations of one visit have in common. */
const frame = (
  chart: Chart,
  encounter: Reference,
  at: number,
): Pick<Observation, 'subject' | 'encounter' | 'effectiveDateTime' | 'performer'> => ({
  subject: chart.patient,
  encounter,
  effectiveDateTime: clock(chart, at),
  performer: [chart.practitioner],
})

type Frame = ReturnType<typeof frame>

const codeOf = ({ code, alias, text }: Measure): CodeableConcept => ({
  coding: alias ? [alias, code] : [code],
  text,
})

const vitalSign = (about: Frame, measure: Measure, value: number): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  category: vitalSigns,
  code: codeOf(measure),
  ...about,
  valueQuantity: quantity(value, measure.digits, measure.unit, measure.ucum),
})

const component = (measure: Measure, value: number): ObservationComponent => ({
  code: codeOf(measure),
  valueQuantity: quantity(value, measure.digits, measure.unit, measure.ucum),
})

const pressurePanel = (about: Frame, high: number, low: number): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  category: vitalSigns,
  code: { coding: [bloodPressure], text: 'Blood pressure' },
  ...about,
  component: [component(systolic, high), component(diastolic, low)],
})

const vitalNames = ['pulse', 'breaths', 'temperature', 'oxygen', 'height', 'weight', 'bmi', 'head'] as const

/** Adds the vital signs of a visit, measured five minutes after it began. */
export const addVitals = (chart: Chart, encounter: Reference, at: number, values: Vitals): void => {
  const about = frame(chart, encounter, at + 5 * minute)
  const { systolic: high, diastolic: low } = values
  if (high !== undefined && low !== undefined) add(chart, pressurePanel(about, high, low))
  for (const name of vitalNames) {
    const value = values[name]
    if (value !== undefined) add(chart, vitalSign(about, vitals[name], value))
  }
}

const smoking = {
  never: snomed('266919005', 'Never smoked tobacco (finding)'),
  former: snomed('8517006', 'Ex-smoker (finding)'),
  daily: snomed('449868002', 'Smokes tobacco daily (finding)'),
}

/** Adds what an adult said about smoking. */
export const addSmoking = (chart: Chart, encounter: Reference, at: number): void => {
  const answer = smoking[chart.person.smoking]
  add(chart, {
    resourceType: 'Observation',
    status: 'final',
    category: socialHistory,
    code: { coding: [loinc('72166-2', 'Tobacco smoking status')], text: 'Tobacco smoking status' },
    ...frame(chart, encounter, at + 5 * minute),
    valueCodeableConcept: { coding: [answer], text: answer.display ?? '' },
  })
}

const rangeText = ({ low, high, unit }: Test): string => {
  if (low !== undefined && high !== undefined) return `${low}-${high} ${unit}`
  return low === undefined ? `< ${high} ${unit}` : `> ${low} ${unit}`
}

const referenceRange = (test: Test): NonNullable<Observation['referenceRange']> => [
  {
    ...(test.low === undefined ? {} : { low: quantity(test.low, test.digits, test.unit) }),
    ...(test.high === undefined ? {} : { high: quantity(test.high, test.digits, test.unit) }),
    text: rangeText(test),
  },
]

const interpretation = ({ low, high }: Test, value: number): CodeableConcept[] => {
  if (low !== undefined && value < low) return [hl7('v3-ObservationInterpretation', 'L', 'Low')]
  if (high !== undefined && value > high) return [hl7('v3-ObservationInterpretation', 'H', 'High')]
  return [hl7('v3-ObservationInterpretation', 'N', 'Normal')]
}

const labResult = (about: Frame, issued: string, test: Test, value: number): FhirResource => ({
  resourceType: 'Observation',
  status: 'final',
  category: laboratory,
  code: { coding: [test.code], text: test.code.display ?? '' },
  ...about,
  issued,
  valueQuantity: quantity(value, test.digits, test.unit),
  interpretation: interpretation(test, Number(value.toFixed(test.digits))),
  referenceRange: referenceRange(test),
})

/** Adds a panel drawn at a visit: its results and the report that lists them, issued the next morning. */
export const addPanel = (chart: Chart, encounter: Reference, at: number, name: PanelName, d: Dice): void => {
  const { code, tests, values } = panels[name]
  const about = frame(chart, encounter, at + 15 * minute)
  const issued = clock(chart, at + day - hour)
  const results = values(chart.person, at, d).map((value, i) =>
    add(chart, labResult(about, issued, tests[i] as Test, value)),
  )
  if (results.length === 1) return
  add(chart, {
    resourceType: 'DiagnosticReport',
    status: 'final',
    category: [hl7('v2-0074', 'LAB', 'Laboratory')],
    code: { coding: [code], text: code.display ?? '' },
    ...about,
    issued,
    result: results,
  })
}
