/**
 * What R4 says of one searched value and one value in a resource, in a few lines over numbers and Date; it shares
 * nothing with src/search.
 */

import { amountKey, converted, isUcum, matchesNear } from './measures.ts'
import { meant } from './terms.ts'

export type Json = Record<string, unknown>
export type Kind =
  | 'token'
  | 'reference'
  | 'date'
  | 'string'
  | 'number'
  | 'quantity'
  | 'uri'
  | 'near'
  | 'composite'

/** One component of a composite: the values it has in one element. */
export interface Part {
  kind: Kind
  values: readonly unknown[]
}

/** A search parameter: its type, and the values it has in a resource, as they stand there. */
export interface Parameter {
  kind: Kind
  values(resource: Json): readonly unknown[]
  /** Its codes are strings, which are compared without regard to case. */
  anyCase?: true
  /** Its links are canonical addresses. */
  canonical?: true
}

/** Returns a value as a list. */
export const list = (value: unknown): unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

interface Span {
  low: number
  high: number
}

const datePattern = /^(\d{4})(-\d\d)?(-\d\d)?(?:T(\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?)?$/

/** The first and the last millisecond of a date. */
export const dateSpan = (text: string): Span => {
  const [, year = '', month, day, time, seconds, fraction, zone = 'Z'] = datePattern.exec(text) ?? []
  const low = Date.parse(
    `${year}${month ?? '-01'}${day ?? '-01'}T${time ?? '00:00'}${seconds ?? ':00'}${fraction ?? '.000'}${zone}`,
  )
  const end = new Date(low)
  if (!month) end.setUTCFullYear(end.getUTCFullYear() + 1)
  else if (!day) end.setUTCMonth(end.getUTCMonth() + 1)
  else if (!time) end.setUTCDate(end.getUTCDate() + 1)
  else end.setTime(low + (seconds ? (fraction ? 1 : 1000) : 60_000))
  return { low, high: end.getTime() - 1 }
}

const periodSpan = ({ start, end }: { start?: string; end?: string }): Span => ({
  low: start ? dateSpan(start).low : Number.NEGATIVE_INFINITY,
  high: end ? dateSpan(end).high : Number.POSITIVE_INFINITY,
})

/** A Timing reaches from its first to its last event, or as far as its bounds. */
const timingSpan = ({ event = [], repeat }: { event?: string[]; repeat?: Json }): Span => {
  const bounds = repeat?.boundsPeriod as object | undefined
  const spans = [...event.map(dateSpan), ...(bounds ? [periodSpan(bounds)] : [])]
  return {
    low: Math.min(...spans.map(({ low }) => low)),
    high: Math.max(...spans.map(({ high }) => high)),
  }
}

const valueSpan = (value: unknown): Span | undefined => {
  if (typeof value === 'string') return datePattern.test(value) ? dateSpan(value) : undefined
  const object = value as Json
  if ('event' in object || 'repeat' in object) return timingSpan(object)
  return 'start' in object || 'end' in object ? periodSpan(object) : undefined
}

/** `ap` reaches a tenth of the time between now and the date to either side. */
const approximately = ({ low, high }: Span): Span => {
  const now = Date.now()
  const gap = low > now ? low - now : high < now ? now - high : 0
  return { low: low - gap / 10, high: high + gap / 10 }
}

const compareSpans = (prefix: string, wanted: Span, found: Span): boolean => {
  const inside = wanted.low <= found.low && found.high <= wanted.high
  if (prefix === 'eq') return inside
  if (prefix === 'ne') return !inside
  if (prefix === 'gt') return found.high > wanted.high
  if (prefix === 'lt') return found.low < wanted.low
  if (prefix === 'ge') return found.high > wanted.high || inside
  if (prefix === 'le') return found.low < wanted.low || inside
  if (prefix === 'sa') return found.low > wanted.high
  if (prefix === 'eb') return found.high < wanted.low
  const near = approximately(wanted)
  return found.low <= near.high && found.high >= near.low
}

const withPrefix = (text: string): [string, string] => {
  const [, prefix = 'eq', rest = ''] = /^([a-z]{2})?(.*)$/.exec(text) ?? []
  return [prefix, rest]
}

const matchesDate = (text: string, value: unknown): boolean => {
  const [prefix, rest] = withPrefix(text)
  const found = valueSpan(value)
  return found !== undefined && compareSpans(prefix, dateSpan(rest), found)
}

const rounded = (value: number): number => Math.round(value * 1e9) / 1e9

const matchesSpan = (text: string, { low, high }: Span): boolean => {
  const [prefix, rest] = withPrefix(text)
  const number = Number(rest)
  const decimals = rest.split('.')[1]?.length ?? 0
  const half = 5 * 10 ** (-decimals - 1)
  const same = rounded(low - number + half) >= 0 && rounded(high - number - half) < 0
  if (prefix === 'eq') return same
  if (prefix === 'ne') return !same
  if (prefix === 'gt') return high > number
  if (prefix === 'lt') return low < number
  if (prefix === 'ge') return high >= number
  if (prefix === 'le') return low <= number
  if (prefix === 'sa') return low > number
  if (prefix === 'eb') return high < number
  const tenth = Math.abs(number) / 10
  return rounded(low - number - tenth) <= 0 && rounded(high - number + tenth) >= 0
}

/** A range without an end is open; `<5` lies somewhere below 5. */
const numberSpan = (value: unknown): Span | undefined => {
  if (typeof value === 'number') return { low: value, high: value }
  const {
    low,
    high,
    value: amount,
    comparator = '',
  } = value as Record<string, never> & { comparator?: string }
  const [from, to] = [low, high].map((end) => (end as { value?: number } | undefined)?.value)
  if (from !== undefined || to !== undefined)
    return { low: from ?? Number.NEGATIVE_INFINITY, high: to ?? Number.POSITIVE_INFINITY }
  if (amount === undefined) return undefined
  return {
    low: comparator.startsWith('<') ? Number.NEGATIVE_INFINITY : Number(amount),
    high: comparator.startsWith('>') ? Number.POSITIVE_INFINITY : Number(amount),
  }
}

const matchesNumber = (text: string, value: unknown): boolean => {
  const span = numberSpan(value)
  return span !== undefined && matchesSpan(text, span)
}

const unitOf = (value: Json): Json => {
  if (value.currency !== undefined) return { system: 'urn:iso:std:iso:4217', code: value.currency }
  return (value.low ?? value.high ?? value) as Json
}

/** The same span in another unit; an open end stays open. */
const spanIn = ({ low, high }: Span, from: string, to: string): Span | undefined => {
  const [start, end] = [low, high].map((edge) => (Number.isFinite(edge) ? converted(edge, from, to) : edge))
  return start === undefined || end === undefined ? undefined : { low: start, high: end }
}

const matchesQuantity = (text: string, value: unknown): boolean => {
  const [amount = '', system = '', code = ''] = text.split('|')
  const found = unitOf(value as Json)
  const span = numberSpan(value)
  if (span === undefined) return false
  if (system === 'http://unitsofmeasure.org' && isUcum(code)) {
    const same = found.system === system && found.code ? spanIn(span, String(found.code), code) : undefined
    return same !== undefined && matchesSpan(amount, same)
  }
  const sameSystem = system === '' || system === found.system
  const sameCode = code === '' || code === found.code || (system === '' && code === found.unit)
  return sameSystem && sameCode && matchesSpan(amount, span)
}

/** Returns the codes with their systems that a value holds. */
export const codings = (value: unknown): { system?: unknown; code: unknown }[] => {
  if (typeof value !== 'object' || value === null) return [{ code: String(value) }]
  const { coding, system, code, value: identifier } = value as Json
  if (coding !== undefined) return list(coding) as { system?: unknown; code: unknown }[]
  // A contact point's `system` says what kind of contact it is.
  if (system === 'phone' || system === 'email') return [{ code: identifier }]
  return code === undefined && identifier === undefined ? [] : [{ system, code: code ?? identifier }]
}

/** An e-mail address is compared without regard to case, as any string is. */
const isEmail = (value: unknown): boolean =>
  typeof value === 'object' && (value as Json | null)?.system === 'email'

const matchesToken = (text: string, value: unknown, anyCase = isEmail(value)): boolean => {
  const [first = '', second] = text.split('|')
  const same = (wanted: string, code: unknown): boolean =>
    code === wanted || (anyCase && String(code).toLowerCase() === wanted.toLowerCase())
  return codings(value).some(({ system, code }) => {
    if (second === undefined) return same(first, code)
    return (system ?? '') === first && (second === '' || same(second, code))
  })
}

const matchesType = (text: string, value: unknown): boolean => {
  const [system, code, identifier] = text.split('|')
  const { type, value: own } = value as Json
  return own === identifier && type !== undefined && matchesToken(`${system}|${code}`, type)
}

/** Returns the texts that a person would read beside a code. */
export const displays = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return []
  const { text, display, coding, type } = value as Json
  const inner = [...list(coding).map((each) => (each as Json).display), (type as Json | undefined)?.text]
  return [text, display, ...inner].filter((each) => typeof each === 'string')
}

const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/\p{P}/gu, '')

/** Returns the texts of a string, a name or an address. */
export const texts = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [String(value)]
  return Object.entries(value).flatMap(([name, part]) => (name === 'use' ? [] : list(part).map(String)))
}

const matchesText = (modifier: string, text: string, value: string): boolean => {
  if (modifier === 'exact') return value === text
  const [wanted, found] = [plain(text), plain(value)]
  return modifier === 'contains' ? found.includes(wanted) : found.startsWith(wanted)
}

const linkTextOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : ((value as Json).reference as string | undefined)

/** Returns `Type/id` where a link leads to a resource of ours, `Type/id#id` where to what is inside one. */
export const linkOf = (value: unknown, base: string): string | undefined => {
  const text = linkTextOf(value)?.replace(`${base}/`, '')
  return text !== undefined && /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+(#[^#]+)?$/.test(text) ? text : undefined
}

const ownBase = 'http://localhost:8888/fhir/'

const matchesReference = (modifier: string, text: string, value: unknown): boolean => {
  if (modifier === 'identifier') {
    const { identifier } = value as Json
    return identifier !== undefined && matchesToken(text, identifier)
  }
  const found = linkTextOf(value)?.replace(ownBase, '')
  if (found === undefined) return false
  const wanted = (modifier ? `${modifier}/${text}` : text).replace(ownBase, '')
  if (/[/:]/.test(wanted))
    return found === wanted || (!wanted.includes('|') && found.split('|')[0] === wanted)
  return found.endsWith(`/${wanted}`) && !found.includes(':')
}

const matchesUri = (modifier: string, text: string, value: unknown): boolean =>
  [String(value), String(value).replace(/\|.*/, '')].some((uri) => {
    const [long, short] = modifier === 'above' ? [text, uri] : [uri, text]
    if (modifier === '' || long.startsWith('urn:')) return uri === text
    return long.startsWith(short)
  })

const matchesComposite = (text: string, parts: readonly Part[]): boolean =>
  text
    .split('$')
    .every((wanted, i) => parts[i]?.values.some((value) => matchesOne(parts[i] as Part, '', wanted, value)))

/** Returns whether a value is what a text asks for. */
export const matchesOne = (
  { kind, anyCase }: { kind: Kind; anyCase?: true },
  modifier: string,
  text: string,
  value: unknown,
): boolean => {
  if (kind === 'composite') return matchesComposite(text, value as Part[])
  if (kind === 'token' && modifier === 'text')
    return displays(value).some((each) => ` ${plain(each)}`.includes(` ${plain(text)}`))
  const codes = kind === 'token' ? meant[modifier.replace('not-in', 'in')]?.[text] : undefined
  if (codes) return codings(value).some(({ system, code }) => codes.includes(`${system}|${code}`))
  if (kind === 'token')
    return modifier === 'of-type' ? matchesType(text, value) : matchesToken(text, value, anyCase)
  if (kind === 'string') return texts(value).some((each) => matchesText(modifier, text, each))
  if (kind === 'date') return matchesDate(text, value)
  if (kind === 'number') return matchesNumber(text, value)
  if (kind === 'quantity') return matchesQuantity(text, value)
  if (kind === 'near') return matchesNear(text, value as Record<string, number>)
  return kind === 'uri' ? matchesUri(modifier, text, value) : matchesReference(modifier, text, value)
}

const amountKeys = (value: Json): number[] => {
  const { system, code } = unitOf(value)
  return list(numberSpan(value)?.low).map((low) => amountKey(low as number, system, code))
}

/** Returns what a value is sorted by. */
export const sortKeys = (
  { kind, anyCase }: Omit<Parameter, 'values'>,
  value: unknown,
): (string | number)[] => {
  if (kind === 'date') return list(valueSpan(value)?.low) as number[]
  if (kind === 'string') return texts(value).map(plain)
  if (kind === 'number') return list(numberSpan(value)?.low) as number[]
  if (kind === 'quantity') return amountKeys(value as Json)
  if (kind === 'token')
    return codings(value).map(({ code }) =>
      anyCase || isEmail(value) ? String(code).toLowerCase() : String(code),
    )
  return list(linkTextOf(value)) as string[]
}
