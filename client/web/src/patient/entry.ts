import type { Observation } from 'fhir/r4.js'

/** A vital sign that can be entered: its LOINC code, and the units it may be given in. */
export interface EntryKind {
  key: string
  title: string
  loinc: string
  units: readonly (readonly [code: string, unit: string])[]
  /** For a pair: the components' codes and names. */
  parts?: readonly (readonly [code: string, title: string])[]
  /** Values outside are refused as slips of the finger, by unit code. */
  possible: Readonly<Record<string, readonly [low: number, high: number]>>
}

/** What can be entered, in the order of the form. */
export const entryKinds: readonly EntryKind[] = [
  {
    key: 'blood-pressure',
    title: 'Blood pressure',
    loinc: '85354-9',
    units: [['mm[Hg]', 'mm[Hg]']],
    parts: [
      ['8480-6', 'Systolic blood pressure'],
      ['8462-4', 'Diastolic blood pressure'],
    ],
    possible: { 'mm[Hg]': [10, 400] },
  },
  one('heart-rate', 'Heart rate', '8867-4', [['/min', '/min']], { '/min': [10, 400] }),
  one(
    'temperature',
    'Body temperature',
    '8310-5',
    [
      ['Cel', '°C'],
      ['[degF]', '°F'],
    ],
    { Cel: [20, 46], '[degF]': [68, 115] },
  ),
  one('respiration', 'Respiratory rate', '9279-1', [['/min', '/min']], { '/min': [1, 150] }),
  one('oxygen-saturation', 'Oxygen saturation', '2708-6', [['%', '%']], { '%': [10, 100] }),
  one(
    'weight',
    'Body weight',
    '29463-7',
    [
      ['kg', 'kg'],
      ['[lb_av]', 'lb'],
    ],
    { kg: [0.2, 700], '[lb_av]': [0.4, 1550] },
  ),
  one(
    'height',
    'Body height',
    '8302-2',
    [
      ['cm', 'cm'],
      ['[in_i]', 'in'],
    ],
    { cm: [15, 280], '[in_i]': [6, 110] },
  ),
]

function one(
  key: string,
  title: string,
  loinc: string,
  units: EntryKind['units'],
  possible: EntryKind['possible'],
): EntryKind {
  return { key, title, loinc, units, possible }
}

/** What the form holds: the digits as typed, one for each part. */
export interface Entered {
  kind: EntryKind
  values: readonly string[]
  unit: string
  when: Date
}

const plain = /^\d{1,4}([.,]\d{1,4})?$/
const digitsOf = (text: string): string => text.trim().replace(',', '.')

const problem = (text: string, { kind, unit }: Entered): string | undefined => {
  const [low, high] = kind.possible[unit] ?? [0, Number.MAX_VALUE]
  if (!plain.test(text.trim())) return 'Enter a number, such as 72 or 36.6.'
  const value = Number(digitsOf(text))
  return value < low || value > high ? `Expected between ${low} and ${high}.` : undefined
}

/** Returns what is wrong with each value; undefined where nothing is. */
export const problems = (entered: Entered): (string | undefined)[] => {
  const each = entered.values.map((text) => problem(text, entered))
  const [upper, lower] = entered.values.map((text) => Number(digitsOf(text)))
  if (entered.kind.parts && each.every((one) => one === undefined) && (upper ?? 0) <= (lower ?? 0))
    return [undefined, 'Diastolic must be lower than systolic.']
  return each
}

const pad = (number: number): string => String(number).padStart(2, '0')

/** Returns a local time with its offset, as FHIR writes it: `2026-03-01T14:05:00+01:00`. */
export const withOffset = (when: Date): string => {
  const minutes = -when.getTimezoneOffset()
  const sign = minutes < 0 ? '-' : '+'
  const offset = `${sign}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`
  const date = `${when.getFullYear()}-${pad(when.getMonth() + 1)}-${pad(when.getDate())}`
  return `${date}T${pad(when.getHours())}:${pad(when.getMinutes())}:${pad(when.getSeconds())}${offset}`
}

const loinc = (code: string, display: string) => ({
  coding: [{ system: 'http://loinc.org', code, display }],
  text: display,
})

const json = JSON as unknown as { rawJSON(text: string): number }

/** The digits go out as they were typed: 36.60 is not 36.6. */
const quantity = (text: string, code: string, unit: string) => ({
  value: json.rawJSON(digitsOf(text).replace(/^0+(?=\d)/, '')),
  unit,
  system: 'http://unitsofmeasure.org',
  code,
})

const vitalSigns = {
  coding: [
    {
      system: 'http://terminology.hl7.org/CodeSystem/observation-category',
      code: 'vital-signs',
      display: 'Vital Signs',
    },
  ],
}

/** Returns the Observation of what was entered. */
export const observationOf = ({ kind, values, unit, when }: Entered, patientId: string): Observation => {
  const unitText = kind.units.find(([code]) => code === unit)?.[1] ?? unit
  const valued = (at: number) => ({ valueQuantity: quantity(values[at] ?? '', unit, unitText) })
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [vitalSigns],
    code: loinc(kind.loinc, kind.title),
    subject: { reference: `Patient/${patientId}` },
    effectiveDateTime: withOffset(when),
    ...(kind.parts
      ? { component: kind.parts.map(([code, title], at) => ({ code: loinc(code, title), ...valued(at) })) }
      : valued(0)),
  }
}
