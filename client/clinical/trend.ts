import type { Observation, ObservationComponent, Quantity, Timing } from 'fhir/r4.js'
import { toDigits, toNumber } from '../exact.ts'
import { codeIn } from './codes.ts'
import { timingText } from './dosage.ts'
import { periodTime, quantityText, rangeText, ratioText, unitOf } from './quantity.ts'
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

const timingTime = (timing: Timing | undefined): string => {
  const events = (timing?.event ?? []).toSorted((a, b) => instant(a) - instant(b))
  const [start, end] = [events[0], events.at(-1)]
  if (start !== undefined && end !== undefined) return periodTime({ start, end })
  return periodTime(timing?.repeat?.boundsPeriod) || timingText(timing)
}

/** The elements of a resource that say when the event took place. */
type Effective = Pick<
  Observation,
  'effectiveDateTime' | 'effectiveInstant' | 'effectivePeriod' | 'effectiveTiming'
>

/** Returns when a result was taken, in any form of `effective[x]`: a date, a period as `start/end`, or words. */
export const taken = (from: Effective): string =>
  from.effectiveDateTime ??
  from.effectiveInstant ??
  (periodTime(from.effectivePeriod) || timingTime(from.effectiveTiming))

/** Returns when an observation was made, as the data says it; when it was issued, if it does not. */
export const effective = (observation: Observation): string =>
  taken(observation) || (observation.issued ?? '')

/** The unit by which a range is chosen: UCUM's code, else the unit's words; a code without its system is no code. */
const bandUnit = (quantity: Quantity | undefined): string => codeIn('ucum', quantity) ?? quantity?.unit ?? ''

const rangeFor = (
  from: Observation | ObservationComponent,
  part: string,
  at: number,
  fallback: FallbackRange,
) => reportedRange(from) ?? fallback(part, bandUnit(from.valueQuantity), at)

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

const intervalText = ({ valueRange, valuePeriod }: Observation): string =>
  valuePeriod
    ? [valuePeriod.start, valuePeriod.end].map((end) => end ?? '…').join(' – ')
    : rangeText(valueRange, ' – ')

const absent = (observation: Observation): string =>
  observation.dataAbsentReason ? `Not available: ${conceptText(observation.dataAbsentReason)}` : 'No value'

/** Returns a result that is not a number, in words. */
export const valueText = (observation: Observation): string =>
  observation.valueString ??
  observation.valueDateTime ??
  observation.valueTime ??
  (observation.valueBoolean === undefined ? undefined : observation.valueBoolean ? 'Yes' : 'No') ??
  (conceptText(observation.valueCodeableConcept) ||
    ratioText(observation.valueRatio) ||
    intervalText(observation) ||
    quantityText(observation.valueQuantity) ||
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
const statusText = (observation: Observation): string => {
  const { status, modifierExtension = [], issued } = observation
  const said = modifierExtension.length > 0 ? `${status}, with a modifier` : status
  return issued !== undefined && taken(observation) === '' ? `${said}, at the time of issue` : said
}

/** Separates, in the id of a result that a report contains, the report's id from its own. */
export const containedMark = '#'

/** Returns the resource in which a measurement is stored: an Observation, or the report that contains it. */
export const storedIn = ({ id }: Measurement): { type: string; id: string } => {
  const [owner = '', part] = id.split(containedMark)
  return { type: part === undefined ? 'Observation' : 'DiagnosticReport', id: owner }
}

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

const decimal = /^([<>]?=?-?)(\d+)\.(\d+)$/

/** Of the fraction so many digits as make four significant ones with the whole. */
const decimalsOf = (whole: string, fraction: string): number =>
  /^0+$/.test(whole) ? 4 + (/^0*/.exec(fraction)?.[0].length ?? 0) : Math.max(0, 4 - whole.length)

/** Rounds the written digits themselves, never a number made of them: only a fraction's last digits go. */
const roundedTo = (places: number, whole: string, fraction: string): string => {
  const kept = BigInt(whole + fraction.slice(0, places)) + (fraction.charAt(places) >= '5' ? 1n : 0n)
  const all = kept.toString().padStart(whole.length + places, '0')
  const at = all.length - places
  return places === 0 ? all : `${all.slice(0, at)}.${all.slice(at)}`.replace(/\.?0+$/, '')
}

/** Returns a reading's number short enough to read at a glance: a fraction is rounded to four significant digits, a whole number never. */
export const glance = ({ digits }: Reading): string => {
  const [, sign = '', whole, fraction] = decimal.exec(digits) ?? []
  if (whole === undefined || fraction === undefined || whole.length + fraction.length <= 4) return digits
  const places = decimalsOf(whole, fraction)
  return places >= fraction.length ? digits : sign + roundedTo(places, whole, fraction)
}

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
