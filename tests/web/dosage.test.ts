import type { Dosage } from 'fhir/r4.js'
import { expect, test } from 'vitest'
import { dosagesText } from '../../client/clinical/dosage.ts'
import { parseExact } from '../../client/exact.ts'

const mg = (value: number) => ({ value, unit: 'mg' })

test.each<[string, Dosage, string]>([
  ['range', { doseAndRate: [{ doseRange: { low: mg(1), high: mg(2) } }] }, '1–2 mg'],
  ['dose of a code', { doseAndRate: [{ doseQuantity: { value: 2, code: 'TAB' } }] }, '2 TAB'],
  [
    'rate as ratio',
    {
      doseAndRate: [
        { rateRatio: { numerator: { value: 100, unit: 'mL' }, denominator: { value: 1, unit: 'h' } } },
      ],
    },
    'at 100 mL per 1 h',
  ],
  ['rate as range', { doseAndRate: [{ rateRange: { low: { value: 1, unit: 'mL/h' } } }] }, 'at 1–… mL/h'],
  ['rate as quantity', { doseAndRate: [{ rateQuantity: { value: 5, unit: 'mL/h' } }] }, 'at 5 mL/h'],
  [
    'several doses',
    { doseAndRate: [{ type: { text: 'Ordered' }, doseQuantity: mg(5) }, { doseQuantity: mg(4) }] },
    '5 mg (Ordered), 4 mg',
  ],
  [
    'largest dose',
    {
      maxDosePerPeriod: { numerator: mg(8), denominator: { value: 24, unit: 'h' } },
      maxDosePerAdministration: mg(2),
      maxDosePerLifetime: mg(100),
    },
    'at most 8 mg per 24 h, at most 2 mg at a time, at most 100 mg in a lifetime',
  ],
  ['need', { asNeededCodeableConcept: { text: 'pain' } }, 'as needed for pain'],
  [
    'period without frequency',
    { timing: { repeat: { period: 6, periodMax: 8, periodUnit: 'h' } } },
    'every 6–8 h',
  ],
  [
    'frequency',
    { timing: { repeat: { frequency: 1, frequencyMax: 2, period: 1, periodUnit: 'd' } } },
    '1–2 × every 1 d',
  ],
  [
    'days and times',
    { timing: { repeat: { dayOfWeek: ['mon', 'fri'], timeOfDay: ['08:00:00', '20:30:00'] } } },
    'mon, fri, at 08:00, 20:30',
  ],
  ['meal', { timing: { repeat: { when: ['AC'], offset: 30 } } }, '30 min before a meal'],
  [
    'length',
    {
      timing: {
        repeat: { boundsDuration: { value: 7, unit: 'd' }, count: 14, duration: 2, durationUnit: 'h' },
      },
    },
    'lasting 2 h, 14 times in all, for 7 d',
  ],
  [
    'period of time',
    { timing: { repeat: { boundsPeriod: { start: '2020-01-01', end: '2020-01-07' } } } },
    '1 Jan 2020 – 7 Jan 2020',
  ],
  ['events', { timing: { event: ['2020-01-01', '2020-02-01'] } }, 'on 1 Jan 2020, 1 Feb 2020'],
  [
    'route',
    { route: { text: 'oral' }, method: { text: 'swallow' }, site: { text: 'mouth' } },
    'oral, swallow, site: mouth',
  ],
  [
    'instructions',
    { additionalInstruction: [{ text: 'with water' }], patientInstruction: 'Do not chew' },
    'with water, Do not chew',
  ],
  ['modifier', { text: 'Daily', modifierExtension: [{ url: 'urn:x' }] }, 'Daily (with a modifier)'],
  ['what has no words', { extension: [{ url: 'urn:x' }] }, 'recorded, but not in words'],
])('says the %s of a dosage', (_name, dosage, text) => {
  expect(dosagesText([dosage])).toBe(text)
})

test('adds to the sender’s words what they do not say', () => {
  const dosage: Dosage = {
    text: 'Take 12 mg daily',
    doseAndRate: [{ doseQuantity: mg(2) }],
    maxDosePerAdministration: mg(4),
  }
  expect(dosagesText([dosage])).toBe('Take 12 mg daily (2 mg, at most 4 mg at a time)')
  expect(dosagesText([{ text: 'Take 2 mg daily', doseAndRate: [{ doseQuantity: mg(2) }] }])).toBe(
    'Take 2 mg daily',
  )
})

test('puts several dosages into their sequence', () => {
  expect(
    dosagesText([
      { sequence: 2, text: 'then one' },
      { sequence: 1, text: 'two' },
    ]),
  ).toBe('1. two; 2. then one')
  expect(dosagesText([])).toBe('')
})

test('keeps the digits of a dose', () => {
  const dosage = parseExact('{"doseAndRate":[{"doseQuantity":{"value":123456789012345678.50,"unit":"U"}}]}')
  expect(dosagesText([dosage as Dosage])).toBe('123456789012345678.50 U')
})
