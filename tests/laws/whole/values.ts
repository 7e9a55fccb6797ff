import type { Dice } from '../../../src/local/demo/dice.ts'
import { base } from '../../search/hospital.ts'
import type { Json } from '../matching.ts'
import { model } from './knowledge.ts'

/** Small alphabets, so that searches hit, and values that lie on each other's edges. */

const ids = ['1', '2', '3', '4', '10', '11']
const systems = ['http://loinc.org', 'http://snomed.info/sct']
const codes = ['a1', 'b2', 'c3', 'd-4', 'active', 'final']
const words = ['Anna', 'ANNABEL', 'Ånna', 'Müller', 'mueller', "O'Neil", 'Saint-Denis', 'Zoë', 'ab', 'b']
const uris = [
  'http://example.org/a',
  'http://example.org/a/b',
  'http://example.org/a/b/c',
  'http://example.org/ab',
  'urn:oid:1.2',
]
const dates = ['2019', '2020', '2020-01', '2020-02-29', '2020-01-05', '2021-07-04', '1980-12']
const times = [
  '2020-01-05T10:00:00Z',
  '2020-01-05T10:00:00.500Z',
  '2020-01-05T23:30:00-02:00',
  '2020-01-06T00:30:00+01:00',
  '2023-12-31T23:59:59Z',
]
const amounts = [0, 5, 5.4, 5.44, 5.45, 5.5, 60, 99.5, 100, 100.5, -5, 0.001]
const units = ['mg', 'kg', 'mm[Hg]', 'Cel']

interface Context {
  targets?: readonly string[] | undefined
  kind?: string
}

const coding = (d: Dice): Json => ({
  ...(d.chance(0.7) && { system: d.pick(systems) }),
  code: d.pick(codes),
  ...(d.chance(0.4) && { display: d.pick(words) }),
})

const concept = (d: Dice): Json => ({
  coding: Array.from({ length: d.whole(1, 2) }, () => coding(d)),
  ...(d.chance(0.4) && { text: d.pick(words) }),
})

const identifier = (d: Dice): Json => ({
  ...(d.chance(0.7) && { system: d.pick(systems) }),
  value: d.pick(codes),
  ...(d.chance(0.4) && { type: concept(d) }),
})

const dateTime = (d: Dice): string => d.pick(d.chance(0.5) ? dates : times)

/** Ends of one day or of some years later, or none. */
const period = (d: Dice): Json => {
  const start = dateTime(d)
  const days = d.pick([1, 2, 25, 300, 2000])
  const end = new Date(Date.parse(start.slice(0, 10)) + days * 86_400_000).toISOString().slice(0, 10)
  return d.pick<Json>([{ start, end }, { start, end }, { start }, { end }])
}

const timing = (d: Dice): Json => ({
  event: [dateTime(d), dateTime(d)],
  ...(d.chance(0.4) && { repeat: { boundsPeriod: period(d) } }),
})

const unit = (d: Dice): Json => {
  const code = d.pick(units)
  return d.chance(0.7) ? { unit: code, system: 'http://unitsofmeasure.org', code } : {}
}

const quantity = (d: Dice): Json => ({
  value: d.pick(amounts),
  ...(d.chance(0.15) && { comparator: d.pick(['<', '<=', '>', '>=']) }),
  ...unit(d),
})

const range = (d: Dice): Json => {
  const [low = 0, high = 0] = [d.pick(amounts), d.pick(amounts)].sort((a, b) => a - b)
  const of = unit(d)
  return d.pick<Json>([
    { low: { value: low, ...of }, high: { value: high, ...of } },
    { low: { value: low, ...of } },
    { high: { value: high, ...of } },
  ])
}

/** Patients more often than others, now and then in full, now and then of another server. */
const link = (d: Dice, targets: readonly string[] = model.resourceTypes): string => {
  const patient = targets.includes('Patient') && d.chance(0.6)
  const key = `${patient ? 'Patient' : d.pick(targets)}/${d.pick(ids)}`
  if (d.chance(0.05)) return `${base}/${key}`
  return d.chance(0.05) ? `http://other.example/fhir/${key}` : key
}

const canonical = (d: Dice): string => `${d.pick(uris)}${d.chance(0.3) ? '|2' : ''}`

const makers: Readonly<Record<string, (d: Dice, context: Context) => unknown>> = {
  Reference: (d, { targets }) => ({
    reference: link(d, targets),
    ...(d.chance(0.2) && { identifier: identifier(d) }),
  }),
  canonical,
  Identifier: identifier,
  code: (d) => d.pick(codes),
  CodeableConcept: concept,
  Coding: coding,
  boolean: (d) => d.chance(0.5),
  ContactPoint: (d) => ({
    system: d.pick(['phone', 'email']),
    value: d.pick(['555', '556', 'a@example.org']),
  }),
  string: (d) => d.pick(words),
  markdown: (d) => d.pick(words),
  Address: (d) => ({
    city: d.pick(words),
    line: [d.pick(words)],
    ...(d.chance(0.3) && { country: d.pick(words) }),
  }),
  HumanName: (d) => ({ family: d.pick(words), given: [d.pick(words), d.pick(words)] }),
  Period: period,
  dateTime,
  instant: (d) => d.pick(times),
  date: (d) => d.pick(dates),
  Timing: timing,
  Quantity: quantity,
  Age: quantity,
  Duration: quantity,
  Range: range,
  Money: (d) => ({ value: d.pick(amounts), currency: d.pick(['EUR', 'USD']) }),
  SampledData: (d) => ({ origin: { value: d.pick(amounts) }, period: 1, dimensions: 1 }),
  decimal: (d) => d.pick(amounts),
  integer: (d) => d.pick([0, 5, 60, 100]),
  uri: (d, { kind }) => (kind === 'reference' ? canonical(d) : d.pick(uris)),
  url: (d) => d.pick(uris),
  id: (d) => d.pick(ids),
}

/** Returns a value of a FHIR type. Fails for a type that no search parameter leads to. */
export const made = (d: Dice, type: string, context: Context): unknown => {
  const make = makers[type]
  if (!make) throw new Error(`There is no way to make a ${type}.`)
  return make(d, context)
}
