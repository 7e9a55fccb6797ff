import type { Observation, ObservationComponent, Quantity } from 'fhir/r4.js'
import { toDigits, toNumber } from '../exact.ts'
import { type Flag, type Range, rangeFlag, reportedFlag, reportedRange } from './range.ts'
import { conceptText } from './text.ts'
import { instant } from './time.ts'

/** One number of a measurement: systolic and diastolic pressure are two of one measurement. */
export interface Reading {
  part: string
  value: number
  digits: string
  unit: string
  range: Range | undefined
  flag: Flag | undefined
}

/** What was measured at one time. */
export interface Measurement {
  id: string
  when: string
  at: number
  status: string
  /** What of the whole could have been measured; a reading may be missing. */
  parts: readonly string[]
  readings: readonly Reading[]
  /** The result in words, where it is not a number. */
  text: string
  flag: Flag | undefined
}

/** Measurements of the same thing in the same unit, oldest first. */
export interface Trend {
  key: string
  title: string
  unit: string
  parts: readonly string[]
  measurements: readonly Measurement[]
}

/** Chooses the range for a reading that came without one. */
export type FallbackRange = (part: string, unit: string, at: number) => Range | undefined

/** Returns when an observation was made, as the data says it; when it was issued, if it does not. */
export const effective = (observation: Observation): string =>
  observation.effectiveDateTime ??
  observation.effectiveInstant ??
  observation.effectivePeriod?.start ??
  observation.effectivePeriod?.end ??
  observation.issued ??
  ''

/** Returns a unit as the data gives it: its words first, its code otherwise. */
export const unitOf = (quantity: Quantity | undefined): string => quantity?.unit ?? quantity?.code ?? ''

const rangeFor = (
  from: Observation | ObservationComponent,
  part: string,
  at: number,
  fallback: FallbackRange,
) => reportedRange(from) ?? fallback(part, from.valueQuantity?.code ?? unitOf(from.valueQuantity), at)

const flagFor = (from: Observation | ObservationComponent, value: number, range: Range | undefined) => {
  const said = reportedFlag(from.interpretation)
  return said === undefined ? rangeFlag(value, range, from.valueQuantity?.comparator) : (said ?? undefined)
}

/** Returns the number an observation or a component carries, judged; undefined when it carries none. */
export const reading = (
  from: Observation | ObservationComponent,
  part: string,
  at: number,
  fallback: FallbackRange,
): Reading | undefined => {
  const value = toNumber(from.valueQuantity?.value) ?? toNumber(from.valueInteger)
  if (value === undefined) return undefined
  const range = rangeFor(from, part, at, fallback)
  const digits = `${from.valueQuantity?.comparator ?? ''}${toDigits(from.valueQuantity?.value ?? from.valueInteger)}`
  return { part, value, digits, unit: unitOf(from.valueQuantity), range, flag: flagFor(from, value, range) }
}

const ratioText = (observation: Observation): string => {
  const { numerator, denominator } = observation.valueRatio ?? {}
  return numerator ? `${toDigits(numerator.value)} : ${toDigits(denominator?.value ?? 1)}` : ''
}

const intervalText = ({ valueRange, valuePeriod }: Observation): string => {
  const unit = unitOf(valueRange?.low ?? valueRange?.high)
  const ends = valueRange
    ? [valueRange.low, valueRange.high].map((end) => (end ? toDigits(end.value) : '…'))
    : [valuePeriod?.start, valuePeriod?.end].map((end) => end ?? '…')
  return valueRange || valuePeriod ? `${ends.join(' – ')} ${unit}`.trim() : ''
}

const absent = (observation: Observation): string =>
  observation.dataAbsentReason ? `Not available: ${conceptText(observation.dataAbsentReason)}` : 'No value'

/** Returns a result that is not a number, in words. */
export const valueText = (observation: Observation): string =>
  observation.valueString ??
  observation.valueDateTime ??
  observation.valueTime ??
  (observation.valueBoolean === undefined ? undefined : observation.valueBoolean ? 'Yes' : 'No') ??
  (conceptText(observation.valueCodeableConcept) ||
    ratioText(observation) ||
    intervalText(observation) ||
    (observation.valueSampledData ? 'Sampled data' : absent(observation)))

/** A component that stands for itself: what it is a part of is named with it. */
const standingAlone = (observation: Observation, component: ObservationComponent): Observation => {
  const { component: _all, ...whole } = observation
  const blank = Object.fromEntries(Object.entries(whole).filter(([name]) => !name.startsWith('value')))
  const { referenceRange: _range, interpretation: _said, dataAbsentReason: _absent, ...frame } = blank
  const text = [conceptText(observation.code), conceptText(component.code)].filter(Boolean).join(': ')
  return { ...frame, ...component, code: { ...component.code, text } } as Observation
}

const hasOwnValue = (observation: Observation): boolean =>
  Object.keys(observation).some((name) => name.startsWith('value') || name === 'dataAbsentReason')

/** Returns an observation and, each on its own, those of its components that are not parts of one measurement. */
export const unfolded = (
  observation: Observation,
  isPart: (component: ObservationComponent) => boolean = () => false,
): Observation[] => {
  const all = observation.component ?? []
  const alone = all.filter((each) => !isPart(each))
  const whole = alone.length === 0 || alone.length < all.length || hasOwnValue(observation)
  return [...(whole ? [observation] : []), ...alone.map((each) => standingAlone(observation, each))]
}

/** https://hl7.org/fhir/R4/extensibility.html#modifierExtension — it may turn the meaning round, and nobody here knows how. */
const statusText = ({ status, modifierExtension = [] }: Observation): string =>
  modifierExtension.length > 0 ? `${status}, with a modifier` : status

/** Returns a measurement of the readings found in an observation. */
export const measurement = (
  observation: Observation,
  readings: readonly Reading[],
  parts: readonly string[] = [''],
): Measurement => {
  const when = effective(observation)
  return {
    id: observation.id ?? '',
    when,
    at: instant(when),
    status: statusText(observation),
    parts,
    readings,
    text: readings.length > 0 ? '' : valueText(observation),
    flag:
      worst(readings) ??
      (readings.length > 0 ? undefined : (reportedFlag(observation.interpretation) ?? undefined)),
  }
}

/** Returns the flag that matters most among readings. */
export const worst = (readings: readonly Reading[]): Flag | undefined => {
  const flags = readings.map((each) => each.flag).filter((flag) => flag !== undefined)
  return flags.find((flag) => flag.critical) ?? flags[0]
}

/** Returns whether an observation counts: not one that was entered in error or cancelled. */
export const counts = (observation: Observation): boolean =>
  observation.status !== 'entered-in-error' && observation.status !== 'cancelled'

/** Returns measurements oldest first; those without a time come first of all. */
export const inOrder = (measurements: readonly Measurement[]): Measurement[] =>
  [...measurements].sort((a, b) => (a.at || 0) - (b.at || 0) || (a.id < b.id ? -1 : 1))

/** Returns a reading's number short enough to read at a glance: at most four significant digits. */
export const glance = (reading: Reading): string => {
  const { digits, value } = reading
  if (digits.replace(/[^0-9]/g, '').length <= 4) return digits
  const rounded = Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(4)))
  const fixed = Math.abs(value) >= 100 ? Number(rounded).toFixed(Math.min(1, decimals(rounded))) : rounded
  return /^[<>]/.test(digits) ? `${/^[<>]=?/.exec(digits)?.[0]}${fixed}` : fixed
}

const decimals = (text: string): number => text.split('.')[1]?.length ?? 0

/** Returns a measurement's numbers: `142 / 91`, or `– / 91` where a part is missing. */
export const numbersText = (
  { parts, readings }: Measurement,
  digitsOf: (reading: Reading) => string = glance,
): string =>
  parts
    .map((part) => readings.find((each) => each.part === part))
    .map((reading) => (reading ? digitsOf(reading) : '–'))
    .join(' / ')

/** Returns a measurement in one line: `142 / 91 mm[Hg]`. */
export const measurementText = (of: Measurement, digitsOf: (reading: Reading) => string = glance): string => {
  if (of.readings.length === 0) return of.text
  const unit = of.readings[0]?.unit ?? ''
  return `${numbersText(of, digitsOf)}${unit ? ` ${unit}` : ''}`
}
