import ucum from '@lhncbc/ucum-lhc'
import type { Known } from '../search/hospital.ts'

/**
 * A second, plain reading of R4's search rules, which shares nothing with src/search: each parameter is a path
 * written by hand, each search type a few lines over numbers and Date.
 */

type Json = Record<string, unknown>
type Kind = 'token' | 'reference' | 'date' | 'string' | 'number' | 'quantity' | 'uri' | 'composite'

interface Parameter {
  kind: Kind
  /** The values, as they stand in the resource. */
  values(resource: Json): unknown[]
}

const list = (value: unknown): unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

const at =
  (...paths: string[]) =>
  (resource: unknown): unknown[] =>
    paths.flatMap((path) =>
      path
        .split('.')
        .reduce<unknown[]>(
          (found, step) => found.flatMap((value) => list((value as Json)?.[step])),
          [resource],
        ),
    )

const rows = (kind: Kind, paths: Record<string, string>): Record<string, Parameter> =>
  Object.fromEntries(
    Object.entries(paths).map(([code, path]) => [code, { kind, values: at(...path.split(' ')) }]),
  )

const telecom = (system?: string) => (resource: Json) =>
  list(resource.telecom)
    .filter((point) => system === undefined || (point as Json).system === system)
    .map((point) => ({ value: (point as Json).value }))

const onlyTo = (type: string, path: string) => (resource: Json) =>
  at(path)(resource).filter((link) => String((link as Json).reference).includes(`${type}/`))

const coded = (path: string, system: string) => (resource: Json) =>
  at(path)(resource).map((code) => ({ system, code }))

interface Part {
  kind: Kind
  values: unknown[]
}

/** A code and a value that stand in the same element: the resource itself, a component, or either. */
const codeAnd = (kind: Kind, path: string, ...elements: string[]): Parameter => ({
  kind: 'composite',
  values: (resource) =>
    elements
      .flatMap((element) => (element === '' ? [resource] : at(element)(resource)))
      .map((element): Part[] => [
        { kind: 'token', values: at('code')(element) },
        { kind, values: at(path)(element) },
      ]),
})

const every: Record<string, Parameter> = {
  ...rows('token', { _id: 'id', _tag: 'meta.tag' }),
  ...rows('uri', { _profile: 'meta.profile' }),
  ...rows('date', { _lastUpdated: 'meta.lastUpdated' }),
}

export const parameters: Readonly<Record<string, Record<string, Parameter>>> = {
  Observation: {
    ...every,
    ...rows('token', {
      code: 'code',
      category: 'category',
      'value-concept': 'valueCodeableConcept',
      'component-code': 'component.code',
      'combo-code': 'code component.code',
      identifier: 'identifier',
    }),
    status: { kind: 'token', values: coded('status', 'http://hl7.org/fhir/observation-status') },
    ...rows('reference', { subject: 'subject', performer: 'performer', encounter: 'encounter' }),
    patient: { kind: 'reference', values: onlyTo('Patient', 'subject') },
    ...rows('date', { date: 'effectiveDateTime effectivePeriod', 'value-date': 'valueDateTime' }),
    ...rows('quantity', {
      'value-quantity': 'valueQuantity',
      'component-value-quantity': 'component.valueQuantity',
      'combo-value-quantity': 'valueQuantity component.valueQuantity',
    }),
    ...rows('string', { 'value-string': 'valueString' }),
    'code-value-quantity': codeAnd('quantity', 'valueQuantity', ''),
    'code-value-string': codeAnd('string', 'valueString', ''),
    'component-code-value-quantity': codeAnd('quantity', 'valueQuantity', 'component'),
    'combo-code-value-quantity': codeAnd('quantity', 'valueQuantity', '', 'component'),
  },
  Patient: {
    ...every,
    ...rows('string', {
      name: 'name.text name.family name.given name.prefix name.suffix',
      family: 'name.family',
      given: 'name.given',
      address: 'address.text address.line address.city address.state address.country address.postalCode',
      'address-city': 'address.city',
    }),
    ...rows('date', { birthdate: 'birthDate', 'death-date': 'deceasedDateTime' }),
    ...rows('token', { active: 'active', identifier: 'identifier' }),
    gender: { kind: 'token', values: coded('gender', 'http://hl7.org/fhir/administrative-gender') },
    telecom: { kind: 'token', values: telecom() },
    email: { kind: 'token', values: telecom('email') },
    phone: { kind: 'token', values: telecom('phone') },
    ...rows('reference', { organization: 'managingOrganization', link: 'link.other' }),
  },
  Encounter: {
    ...every,
    ...rows('token', { class: 'class', type: 'type' }),
    ...rows('date', { date: 'period', 'location-period': 'location.period' }),
    ...rows('reference', { subject: 'subject' }),
    patient: { kind: 'reference', values: onlyTo('Patient', 'subject') },
  },
  Condition: {
    ...every,
    ...rows('token', { code: 'code', 'clinical-status': 'clinicalStatus' }),
    ...rows('date', { 'onset-date': 'onsetDateTime onsetPeriod', 'recorded-date': 'recordedDate' }),
    ...rows('reference', { subject: 'subject' }),
    patient: { kind: 'reference', values: onlyTo('Patient', 'subject') },
  },
  RiskAssessment: {
    ...every,
    ...rows('number', { probability: 'prediction.probabilityDecimal' }),
    ...rows('reference', { subject: 'subject' }),
  },
  ValueSet: {
    ...every,
    ...rows('uri', { url: 'url' }),
    ...rows('string', { title: 'title' }),
    ...rows('date', { date: 'date' }),
  },
}

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

const valueSpan = (value: unknown): Span => {
  if (typeof value === 'string') return dateSpan(value)
  const { start, end } = value as { start?: string; end?: string }
  return {
    low: start ? dateSpan(start).low : Number.NEGATIVE_INFINITY,
    high: end ? dateSpan(end).high : Number.POSITIVE_INFINITY,
  }
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
  return found.high < wanted.low
}

const withPrefix = (text: string): [string, string] => {
  const [, prefix = 'eq', rest = ''] = /^([a-z]{2})?(.*)$/.exec(text) ?? []
  return [prefix, rest]
}

const matchesDate = (text: string, value: unknown): boolean => {
  const [prefix, rest] = withPrefix(text)
  return compareSpans(prefix, dateSpan(rest), valueSpan(value))
}

const matchesNumber = (text: string, value: unknown): boolean => {
  const [prefix, rest] = withPrefix(text)
  const [number, found] = [Number(rest), Number(value)]
  const decimals = rest.split('.')[1]?.length ?? 0
  const half = 5 * 10 ** (-decimals - 1)
  const scaled = Math.round((found - number + half) * 1e9) / 1e9
  const same = scaled >= 0 && scaled < 2 * half
  if (prefix === 'eq') return same
  if (prefix === 'ne') return !same
  if (prefix === 'gt' || prefix === 'sa') return found > number
  if (prefix === 'lt' || prefix === 'eb') return found < number
  return prefix === 'ge' ? found >= number : found <= number
}

const units = ucum.UcumLhcUtils.getInstance()
const conversions = new Map<string, number | undefined>()

/** An amount in another unit, as the library reckons, without the noise of its last digits. */
const converted = (amount: number, from: string, to: string): number | undefined => {
  const key = `${amount} ${from} ${to}`
  if (conversions.has(key)) return conversions.get(key)
  const { toVal } = units.convertUnitTo(from, amount, to)
  const found = toVal === null ? undefined : Number(toVal.toPrecision(12))
  conversions.set(key, found)
  return found
}

const isUcum = (code: string): boolean => converted(1, code, code) !== undefined

const matchesQuantity = (text: string, value: unknown): boolean => {
  const [amount = '', system = '', code = ''] = text.split('|')
  const { value: found, system: foundSystem, code: foundCode, unit } = value as Record<string, string>
  if (system === 'http://unitsofmeasure.org' && isUcum(code)) {
    const same = foundSystem === system && foundCode && converted(Number(found), foundCode, code)
    return typeof same === 'number' && matchesNumber(amount, same)
  }
  const sameSystem = system === '' || system === foundSystem
  const sameCode = code === '' || code === foundCode || (system === '' && code === unit)
  return sameSystem && sameCode && matchesNumber(amount, found)
}

const codings = (value: unknown): { system?: unknown; code: unknown }[] => {
  if (typeof value !== 'object' || value === null) return [{ code: String(value) }]
  const { coding, system, code, value: identifier } = value as Json
  if (coding !== undefined) return list(coding) as { system?: unknown; code: unknown }[]
  return [{ system, code: code ?? identifier }]
}

const matchesToken = (text: string, value: unknown): boolean => {
  const [first = '', second] = text.split('|')
  return codings(value).some(({ system, code }) => {
    if (second === undefined) return code === first
    return (system ?? '') === first && (second === '' || code === second)
  })
}

const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[.'-]/g, '')

const matchesString = (modifier: string, text: string, value: unknown): boolean => {
  if (modifier === 'exact') return value === text
  const [wanted, found] = [plain(text), plain(String(value))]
  return modifier === 'contains' ? found.includes(wanted) : found.startsWith(wanted)
}

const matchesReference = (modifier: string, text: string, value: unknown): boolean => {
  const { reference } = value as { reference?: string }
  if (reference === undefined) return false
  const wanted = modifier ? `${modifier}/${text}` : text
  return wanted.includes('/')
    ? reference === wanted
    : reference.endsWith(`/${wanted}`) && !reference.includes(':')
}

const matchesUri = (modifier: string, text: string, value: unknown): boolean => {
  const [long, short] = modifier === 'above' ? [text, String(value)] : [String(value), text]
  if (modifier === '') return value === text
  return long === short || long.startsWith(short.endsWith('/') ? short : `${short}/`)
}

const matchesComposite = (text: string, parts: readonly Part[]): boolean =>
  text
    .split('$')
    .every((wanted, i) => parts[i]?.values.some((value) => matchesOne(parts[i] as Part, '', wanted, value)))

const matchesOne = ({ kind }: { kind: Kind }, modifier: string, text: string, value: unknown): boolean => {
  if (kind === 'composite') return matchesComposite(text, value as Part[])
  if (kind === 'token') return matchesToken(text, value)
  if (kind === 'string') return matchesString(modifier, text, value)
  if (kind === 'date') return matchesDate(text, value)
  if (kind === 'number') return matchesNumber(text, value)
  if (kind === 'quantity') return matchesQuantity(text, value)
  return kind === 'uri' ? matchesUri(modifier, text, value) : matchesReference(modifier, text, value)
}

const parameterOf = (type: string, code: string): Parameter => {
  const parameter = parameters[type]?.[code]
  if (!parameter) throw new Error(`${type}.${code} has no path`)
  return parameter
}

/** Returns whether a resource satisfies one `name=value` of a search. */
export const satisfies = (resource: Known, name: string, value: string): boolean => {
  const [code = '', modifier = ''] = name.split(':')
  const parameter = parameterOf(resource.resourceType, code)
  const values = parameter.values(resource)
  if (modifier === 'missing') return (values.length === 0) === (value === 'true')
  const some = value
    .split(',')
    .some((text) => values.some((found) => matchesOne(parameter, modifier, text, found)))
  return modifier === 'not' ? !some : some
}

const sortKeys = (kind: Kind, value: unknown): (string | number)[] => {
  if (kind === 'date') return [valueSpan(value).low]
  if (kind === 'string') return [plain(String(value))]
  if (kind === 'number') return [Number(value)]
  if (kind === 'quantity') return [amountKey(value as Json)]
  if (kind === 'token') return codings(value).map(({ code }) => String(code))
  return [typeof value === 'string' ? value : String((value as Json).reference)]
}

/** One unit of each dimension, in the order in which the server puts them. */
const dimensions = ['1', 'K', 'g', 'Pa', 'g/L', 'Hz']

/** Measures that can be compared stand together, others before them; the inverse sine only makes large amounts small. */
const amountKey = ({ value, system, code }: Json): number => {
  const group = dimensions.findIndex((unit) => system && converted(1, String(code), unit) !== undefined)
  const amount = group < 0 ? Number(value) : converted(Number(value), String(code), dimensions[group] ?? '')
  return group * 1000 + Math.asinh(Number(amount) * 1e6)
}

const sortValue = (resource: Known, code: string, descending: boolean): string | number | undefined => {
  const { kind, values } = parameterOf(resource.resourceType, code)
  const keys = values(resource).flatMap((value) => sortKeys(kind, value))
  const sorted = keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return descending ? sorted.at(-1) : sorted[0]
}

/** Returns a negative or positive number where the sort keys tell two resources apart, else zero. */
export const compareBy = (sort: string, a: Known, b: Known): number => {
  for (const key of sort.split(',')) {
    const descending = key.startsWith('-')
    const code = descending ? key.slice(1) : key
    const [left, right] = [sortValue(a, code, descending), sortValue(b, code, descending)]
    if (left === right) continue
    const lower = left === undefined || (right !== undefined && left < right)
    return lower === descending ? 1 : -1
  }
  return 0
}
