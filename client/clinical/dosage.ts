/** https://hl7.org/fhir/R4/dosage.html — in words, and whole: whatever a dosage says is in its text. */
import type { Dosage, DosageDoseAndRate, Timing, TimingRepeat } from 'fhir/r4.js'
import { toDigits, toNumber } from '../exact.ts'
import { periodTime, quantityText, rangeText, ratioText } from './quantity.ts'
import { conceptText } from './text.ts'
import { timeText } from './time.ts'

const upTo = (from: unknown, to: unknown): string => {
  const ends = [toDigits(from), toDigits(to)]
  if (ends[0] === '') return ends[1] === '' ? '' : `up to ${ends[1]}`
  return ends[1] === '' ? (ends[0] ?? '') : ends.join('–')
}

const moments = new Map([
  ['MORN', 'in the morning'],
  ['MORN.early', 'early in the morning'],
  ['MORN.late', 'late in the morning'],
  ['NOON', 'at noon'],
  ['AFT', 'in the afternoon'],
  ['AFT.early', 'early in the afternoon'],
  ['AFT.late', 'late in the afternoon'],
  ['EVE', 'in the evening'],
  ['EVE.early', 'early in the evening'],
  ['EVE.late', 'late in the evening'],
  ['NIGHT', 'at night'],
  ['PHS', 'after sleep'],
  ['HS', 'before sleep'],
  ['WAKE', 'upon waking'],
  ['C', 'with a meal'],
  ['CM', 'with breakfast'],
  ['CD', 'with lunch'],
  ['CV', 'with dinner'],
  ['AC', 'before a meal'],
  ['ACM', 'before breakfast'],
  ['ACD', 'before lunch'],
  ['ACV', 'before dinner'],
  ['PC', 'after a meal'],
  ['PCM', 'after breakfast'],
  ['PCD', 'after lunch'],
  ['PCV', 'after dinner'],
])

const frequency = ({ frequency, frequencyMax, period, periodMax, periodUnit }: TimingRepeat): string => {
  const times = upTo(frequency, frequencyMax)
  const every = [upTo(period, periodMax), periodUnit].filter(Boolean).join(' ')
  return [times && `${times} ×`, every && `every ${every}`].filter(Boolean).join(' ')
}

const bounds = ({ boundsDuration, boundsRange, boundsPeriod }: TimingRepeat): string => {
  const length = quantityText(boundsDuration) || rangeText(boundsRange)
  return length ? `for ${length}` : timeText(periodTime(boundsPeriod))
}

const offset = ({ when, offset }: TimingRepeat): string =>
  [toDigits(offset) && `${toDigits(offset)} min`, when?.map((code) => moments.get(code) ?? code).join(', ')]
    .filter(Boolean)
    .join(' ')

const prefixed = (prefix: string, text: string, after = ''): string =>
  text ? `${prefix}${text}${after}` : ''

const repeatParts = (repeat: TimingRepeat): string[] => [
  frequency(repeat),
  (repeat.dayOfWeek ?? []).join(', '),
  prefixed('at ', (repeat.timeOfDay ?? []).map((each) => each.replace(/:00$/, '')).join(', ')),
  offset(repeat),
  prefixed('lasting ', upTo(repeat.duration, repeat.durationMax), ` ${repeat.durationUnit ?? ''}`.trimEnd()),
  prefixed('', upTo(repeat.count, repeat.countMax), ' times in all'),
  bounds(repeat),
]

/** Returns a timing in words: its code, its times, how it is repeated. */
export const timingText = (timing: Timing | undefined): string =>
  timingParts(timing).filter(Boolean).join(', ')

const timingParts = (timing: Timing | undefined): string[] => [
  conceptText(timing?.code),
  prefixed('on ', (timing?.event ?? []).map((each) => timeText(each)).join(', ')),
  ...repeatParts(timing?.repeat ?? {}),
]

const doseText = (each: DosageDoseAndRate): string => {
  const dose = quantityText(each.doseQuantity) || rangeText(each.doseRange)
  const rate =
    ratioText(each.rateRatio, ' per ') || rangeText(each.rateRange) || quantityText(each.rateQuantity)
  const text = [dose, prefixed('at ', rate)].filter(Boolean).join(' ')
  const type = conceptText(each.type)
  return type && text ? `${text} (${type})` : text
}

const asNeeded = ({ asNeededBoolean, asNeededCodeableConcept }: Dosage): string => {
  if (asNeededCodeableConcept)
    return `as needed for ${conceptText(asNeededCodeableConcept) || 'a reason not coded'}`
  return asNeededBoolean ? 'as needed' : ''
}

const limits = (dosage: Dosage): string[] => [
  prefixed('at most ', ratioText(dosage.maxDosePerPeriod, ' per ')),
  prefixed('at most ', quantityText(dosage.maxDosePerAdministration), ' at a time'),
  prefixed('at most ', quantityText(dosage.maxDosePerLifetime), ' in a lifetime'),
]

const partsOf = (dosage: Dosage): string[] => [
  ...(dosage.doseAndRate ?? []).map(doseText),
  ...timingParts(dosage.timing),
  asNeeded(dosage),
  conceptText(dosage.route),
  conceptText(dosage.method),
  prefixed('site: ', conceptText(dosage.site)),
  ...limits(dosage),
  ...(dosage.additionalInstruction ?? []).map(conceptText),
  dosage.patientInstruction ?? '',
  (dosage.modifierExtension ?? []).length > 0 ? 'with a modifier' : '',
]

/** `2 mg` is not said by `12 mg`, nor by `0.2 mg`. */
const isSaid = (part: string, text: string): boolean =>
  ` ${text.toLowerCase()} `.split(part.toLowerCase()).some((before, index, all) => {
    const after = all[index + 1]
    return after !== undefined && !/[\p{L}\p{N}.,–-]$/u.test(before) && !/^[\p{L}\p{N}–-]/u.test(after)
  })

/** The sender's own words go first; what they do not say follows in brackets. */
const lineOf = (dosage: Dosage): string => {
  const { text } = dosage
  const parts = partsOf(dosage).filter((part) => part !== '' && (text === undefined || !isSaid(part, text)))
  if (text === undefined) return parts.join(', ') || 'recorded, but not in words'
  return parts.length > 0 ? `${text} (${parts.join(', ')})` : text
}

/** Dosages of one number go on at the same time, the others one after another. */
const numbered = (dosage: Dosage, line: string): string =>
  `${prefixed('', toDigits(dosage.sequence), '. ')}${line}`

/** Returns several dosages in their sequence; empty only where none is recorded. */
export const dosagesText = (dosages: readonly Dosage[]): string => {
  const ordered = dosages.toSorted((a, b) => (toNumber(a.sequence) ?? 0) - (toNumber(b.sequence) ?? 0))
  return ordered.map((each) => (dosages.length > 1 ? numbered(each, lineOf(each)) : lineOf(each))).join('; ')
}
