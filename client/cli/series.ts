import type { CodeableConcept, Observation, ObservationComponent, Quantity } from 'fhir/r4.js'

/** One reading: its text as it is shown, and the numbers that a trend is drawn of. */
export interface Reading {
  when: string
  text: string
  values: readonly number[]
}

/** The readings of one vital sign in one unit, oldest first. */
export interface Series {
  label: string
  readings: readonly Reading[]
}

const loinc = 'http://loinc.org'
const systolic = '8480-6'
const diastolic = '8462-4'

/** Returns the vital signs of a patient: observations with the same code and unit make one series. */
export const seriesOf = (observations: readonly Observation[]): Series[] => {
  const groups = new Map<string, { label: string; readings: Reading[] }>()
  for (const { key, label, reading } of observations.flatMap(pointsOf)) {
    const group = groups.get(key) ?? { label, readings: [] }
    group.readings.push(reading)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ label, readings }) => ({ label, readings: readings.toSorted(byTime) }))
}

const byTime = (a: Reading, b: Reading): number => Date.parse(a.when) - Date.parse(b.when)

interface Point {
  key: string
  label: string
  reading: Reading
}

const pointsOf = (observation: Observation): Point[] => {
  const when = whenOf(observation)
  const pressure = pressurePoint(observation, when)
  if (pressure) return [pressure]
  return [observation, ...(observation.component ?? [])].flatMap((part) => quantityPoint(part, when))
}

/** Blood pressure is said as a pair, though it is stored as two components. */
const pressurePoint = (observation: Observation, when: string): Point | undefined => {
  const high = componentOf(observation, systolic)
  const low = componentOf(observation, diastolic)
  if (high?.value === undefined || low?.value === undefined) return undefined
  const unit = unitOf(high)
  const reading = {
    when,
    text: `${numberText(high.value)}/${numberText(low.value)} ${unit}`.trim(),
    values: [high.value, low.value],
  }
  return { key: `${keyOf(observation.code)}|${unit}`, label: labelOf(observation.code), reading }
}

const componentOf = (observation: Observation, code: string): Quantity | undefined =>
  observation.component?.find((component) =>
    component.code.coding?.some((coding) => coding.system === loinc && coding.code === code),
  )?.valueQuantity

const quantityPoint = (part: Observation | ObservationComponent, when: string): Point[] => {
  const { valueQuantity: quantity } = part
  if (quantity?.value === undefined) return []
  const unit = unitOf(quantity)
  const text = `${quantity.comparator ?? ''}${numberText(quantity.value)} ${unit}`.trim()
  const reading = { when, text, values: [quantity.value] }
  return [{ key: `${keyOf(part.code)}|${unit}`, label: labelOf(part.code), reading }]
}

const whenOf = (observation: Observation): string =>
  observation.effectiveDateTime ??
  observation.effectiveInstant ??
  observation.effectivePeriod?.start ??
  observation.issued ??
  ''

const unitOf = (quantity: Quantity): string => quantity.unit ?? quantity.code ?? ''

const keyOf = (code: CodeableConcept): string => {
  const coding = code.coding?.find((candidate) => candidate.system === loinc) ?? code.coding?.[0]
  return coding ? `${coding.system}|${coding.code}` : (code.text ?? '')
}

const labelOf = (code: CodeableConcept): string =>
  code.text ?? code.coding?.find((coding) => coding.display)?.display ?? code.coding?.[0]?.code ?? '?'

/** Returns a number as people read it: one that was computed, with more than three decimals, by its first four digits. */
export const numberText = (value: number): string =>
  Math.round(value * 1000) / 1000 === value ? String(value) : String(Number(value.toPrecision(4)))

/** Returns a FHIR time as it was given, minutes and offset included: `2026-03-01 09:30 +01:00`. */
export const timeText = (time: string): string => {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::[\d.]+)?(Z|[+-]\d\d:\d\d)$/.exec(time)
  return match ? `${match[1]} ${match[2]} ${match[3] === 'Z' ? '+00:00' : match[3]}` : time
}
