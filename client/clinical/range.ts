import type {
  CodeableConcept,
  Observation,
  ObservationComponent,
  ObservationReferenceRange,
  Quantity,
} from 'fhir/r4.js'
import { toDigits, toNumber } from '../exact.ts'
import { codeIn, codesOf } from './codes.ts'
import { conceptText } from './text.ts'

/** The interval a value is expected in, and who says so. Both ends belong to it. */
export interface Range {
  low?: number
  high?: number
  /** Where high begins, when that is not simply above `high`: 140, where 139 is still in range. */
  highFrom?: number
  text: string
  source: string
}

export type Level = 'high' | 'low' | 'abnormal'

/** A value out of its range: shown by shape and word, never by colour alone. */
export interface Flag {
  level: Level
  critical: boolean
  word: string
  because: string
}

const interpretations: Record<string, [Level, boolean, string]> = {
  H: ['high', false, 'High'],
  HU: ['high', true, 'Significantly high'],
  HH: ['high', true, 'Critical high'],
  HX: ['high', true, 'Above limit'],
  L: ['low', false, 'Low'],
  LU: ['low', true, 'Significantly low'],
  LL: ['low', true, 'Critical low'],
  LX: ['low', true, 'Below limit'],
  A: ['abnormal', false, 'Abnormal'],
  AA: ['abnormal', true, 'Critical abnormal'],
}

/** Returns the flag the sender gave; `null` when the sender said that the value is normal. */
export const reportedFlag = (concepts: readonly CodeableConcept[] | undefined): Flag | null | undefined => {
  const codes = (concepts ?? []).flatMap((each) => codesOf('interpretation', each))
  const code = codes.find((each) => Object.hasOwn(interpretations, each))
  if (code === undefined) return codes.includes('N') ? null : undefined
  const [level, critical, word] = interpretations[code] ?? ['abnormal', false, code]
  return { level, critical, word, because: 'as reported with the result' }
}

/** A range is the usual one unless it says that it is another: a therapeutic one judges nobody untreated. */
const isNormal = ({ type }: ObservationReferenceRange): boolean => {
  if (type === undefined) return true
  const codes = codesOf('rangeMeaning', type)
  if (codes.length === 0) return /^(normal|recommended)( range)?$/i.test(type.text ?? '')
  return codes.some((code) => code === 'normal' || code === 'recommended')
}

const rangeText = (range: ObservationReferenceRange): string => {
  const low = toDigits(range.low?.value)
  const high = toDigits(range.high?.value)
  if (low !== '' && high !== '') return `${low}–${high}`
  if (low !== '') return `≥ ${low}`
  return high === '' ? (range.text ?? '') : `≤ ${high}`
}

/** UCUM's codes are what people write, and what has no system is but words; a code of another system goes with that. */
const namesOf = (quantity: Quantity | undefined): string[] => {
  const plain = quantity?.system === undefined || codeIn('ucum', quantity) !== undefined
  const code = plain ? quantity?.code : quantity?.code && `${quantity.system}#${quantity.code}`
  return [code, quantity?.unit].filter((name) => name !== undefined)
}

const isAlike = (a: Quantity | undefined, b: Quantity | undefined): boolean => {
  const [ours, theirs] = [namesOf(a), namesOf(b)]
  return ours.length === 0 || theirs.length === 0 || ours.some((name) => theirs.includes(name))
}

const whose = (range: ObservationReferenceRange): string => {
  const text = [rangeText(range), range.low?.unit ?? range.high?.unit].filter(Boolean).join(' ')
  const people = range.appliesTo?.map(conceptText).filter(Boolean).join(', ')
  return people ? `${text} (${people})` : text
}

const source = 'range given with the result'

/** Returns the range that came with the data; without ends where it cannot be told whether it is this patient's, or is in another unit. */
export const reportedRange = (from: Observation | ObservationComponent): Range | undefined => {
  const [range, ...others] = from.referenceRange?.filter(isNormal) ?? []
  if (!range) return undefined
  if (others.length > 0) return { text: [range, ...others].map(whose).join('; '), source }
  if (![range.low, range.high].every((end) => isAlike(end, from.valueQuantity)))
    return { text: whose(range), source }
  const low = toNumber(range.low?.value)
  const high = toNumber(range.high?.value)
  return {
    ...(low === undefined ? {} : { low }),
    ...(high === undefined ? {} : { high }),
    text: rangeText(range),
    source,
  }
}

const isHigh = (value: number, range: Range | undefined): boolean =>
  range?.highFrom === undefined ? range?.high !== undefined && value > range.high : value >= range.highFrom

/** Returns whether a value is out of a range, and on which side; `<5` is not above 3, nor is `>5` below 9. */
export const rangeFlag = (value: number, range: Range | undefined, comparator = ''): Flag | undefined => {
  const because = range ? `outside ${range.text}, ${range.source}` : ''
  if (!comparator.startsWith('<') && isHigh(value, range))
    return { level: 'high', critical: false, word: 'High', because }
  if (!comparator.startsWith('>') && range?.low !== undefined && value < range.low)
    return { level: 'low', critical: false, word: 'Low', because }
  return undefined
}

/** The sign that stands beside a flagged value. */
export const flagSign: Record<Level, string> = { high: '▲', low: '▼', abnormal: '◆' }
