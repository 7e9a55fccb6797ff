import type { CodeableConcept, FhirResource, Observation, ObservationComponent, Reference } from 'fhir/r4.js'
import { hour, minute, oneDay } from './calendar.ts'
import { addToChart, type Chart, clock, demoQuantity } from './chart.ts'
import type { Vitals } from './course.ts'
import type { Dice } from './dice.ts'
import { type LaboratoryTest, type PanelName, panels } from './labs.ts'
import {
  bloodPressure,
  diastolic,
  hl7,
  loinc,
  snomed,
  systolic,
  type VitalMeasure,
  vitals,
} from './tables/codes.ts'

const category = (code: string, display: string): CodeableConcept[] => [
  hl7('observation-category', code, display),
]

const vitalSigns = category('vital-signs', 'Vital Signs')
const laboratory = category('laboratory', 'Laboratory')
const socialHistory = category('social-history', 'Social History')

/** The elements common to all observations of a visit. */
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

type ObservationFrame = ReturnType<typeof frame>

const measureCode = ({ code, alias, text }: VitalMeasure): CodeableConcept => ({
  coding: alias ? [alias, code] : [code],
  text,
})

const vitalSign = (about: ObservationFrame, measure: VitalMeasure, value: number): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  category: vitalSigns,
  code: measureCode(measure),
  ...about,
  valueQuantity: demoQuantity(value, measure.digits, measure.unit, measure.ucum),
})

const vitalComponent = (measure: VitalMeasure, value: number): ObservationComponent => ({
  code: measureCode(measure),
  valueQuantity: demoQuantity(value, measure.digits, measure.unit, measure.ucum),
})

const pressurePanel = (about: ObservationFrame, high: number, low: number): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  category: vitalSigns,
  code: { coding: [bloodPressure], text: 'Blood pressure' },
  ...about,
  component: [vitalComponent(systolic, high), vitalComponent(diastolic, low)],
})

const vitalNames = ['pulse', 'breaths', 'temperature', 'oxygen', 'height', 'weight', 'bmi', 'head'] as const

/** Adds the vital signs of a visit, measured five minutes after its begin. */
export const addVitals = (chart: Chart, encounter: Reference, at: number, values: Vitals): void => {
  const about = frame(chart, encounter, at + 5 * minute)
  const { systolic: high, diastolic: low } = values
  if (high !== undefined && low !== undefined) addToChart(chart, pressurePanel(about, high, low))
  for (const name of vitalNames) {
    const value = values[name]
    if (value !== undefined) addToChart(chart, vitalSign(about, vitals[name], value))
  }
}

const smoking = {
  never: snomed('266919005', 'Never smoked tobacco (finding)'),
  former: snomed('8517006', 'Ex-smoker (finding)'),
  daily: snomed('449868002', 'Smokes tobacco daily (finding)'),
}

/** Adds an adult's statement about smoking. */
export const addSmoking = (chart: Chart, encounter: Reference, at: number): void => {
  const answer = smoking[chart.person.smoking]
  addToChart(chart, {
    resourceType: 'Observation',
    status: 'final',
    category: socialHistory,
    code: { coding: [loinc('72166-2', 'Tobacco smoking status')], text: 'Tobacco smoking status' },
    ...frame(chart, encounter, at + 5 * minute),
    valueCodeableConcept: { coding: [answer], text: answer.display ?? '' },
  })
}

const rangeText = ({ low, high, unit }: LaboratoryTest): string => {
  if (low !== undefined && high !== undefined) return `${low}-${high} ${unit}`
  return low === undefined ? `< ${high} ${unit}` : `> ${low} ${unit}`
}

const referenceRange = (test: LaboratoryTest): NonNullable<Observation['referenceRange']> => [
  {
    ...(test.low === undefined ? {} : { low: demoQuantity(test.low, test.digits, test.unit) }),
    ...(test.high === undefined ? {} : { high: demoQuantity(test.high, test.digits, test.unit) }),
    text: rangeText(test),
  },
]

const interpretation = ({ low, high }: LaboratoryTest, value: number): CodeableConcept[] => {
  if (low !== undefined && value < low) return [hl7('v3-ObservationInterpretation', 'L', 'Low')]
  if (high !== undefined && value > high) return [hl7('v3-ObservationInterpretation', 'H', 'High')]
  return [hl7('v3-ObservationInterpretation', 'N', 'Normal')]
}

const labResult = (
  about: ObservationFrame,
  issued: string,
  test: LaboratoryTest,
  value: number,
): FhirResource => ({
  resourceType: 'Observation',
  status: 'final',
  category: laboratory,
  code: { coding: [test.code], text: test.code.display ?? '' },
  ...about,
  issued,
  valueQuantity: demoQuantity(value, test.digits, test.unit),
  interpretation: interpretation(test, Number(value.toFixed(test.digits))),
  referenceRange: referenceRange(test),
})

/** Adds a panel drawn at a visit: its results and the report that lists them, issued the next morning. */
export const addPanel = (chart: Chart, encounter: Reference, at: number, name: PanelName, d: Dice): void => {
  const { code, tests, values } = panels[name]
  const about = frame(chart, encounter, at + 15 * minute)
  const issued = clock(chart, at + oneDay - hour)
  const results = values(chart.person, at, d).map((value, i) =>
    addToChart(chart, labResult(about, issued, tests[i] as LaboratoryTest, value)),
  )
  if (results.length === 1) return
  addToChart(chart, {
    resourceType: 'DiagnosticReport',
    status: 'final',
    category: [hl7('v2-0074', 'LAB', 'Laboratory')],
    code: { coding: [code], text: code.display ?? '' },
    ...about,
    issued,
    result: results,
  })
}
