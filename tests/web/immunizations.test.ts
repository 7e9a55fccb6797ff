import type { Immunization } from 'fhir/r4.js'
import { expect, test } from 'vitest'
import { lastGiven, placeOn, vaccines, yearAxis } from '../../client/clinical/immunizations.ts'

const dose = (
  code: string,
  occurrenceDateTime: string,
  status: Immunization['status'] = 'completed',
): Immunization => ({
  resourceType: 'Immunization',
  id: `${code}-${occurrenceDateTime}`,
  status,
  vaccineCode: { coding: [{ system: 'http://hl7.org/fhir/sid/cvx', code }], text: `Vaccine ${code}` },
  patient: { reference: 'Patient/1' },
  occurrenceDateTime,
})

test('gives each vaccine a row, the one given last first, its doses oldest first', () => {
  const rows = vaccines([dose('140', '2020-10-01'), dose('140', '2018-10-01'), dose('208', '2021-01-01')])
  expect(rows.map((row) => row.title)).toEqual(['Vaccine 208', 'Vaccine 140'])
  expect(rows[1]?.doses.map((each) => each.when)).toEqual(['2018-10-01', '2020-10-01'])
})

test('shows a dose that was not given, and leaves out what was entered in error', () => {
  const refused = { ...dose('140', '2020-10-01', 'not-done'), statusReason: { text: 'Patient objection' } }
  const rows = vaccines([refused, dose('140', '2021-10-01', 'entered-in-error')])
  expect(rows[0]?.doses).toMatchObject([{ given: false, note: 'Not given: Patient objection' }])
})

test('marks whole years around all doses', () => {
  const axis = yearAxis([new Date(2001, 5).getTime(), new Date(2019, 5).getTime()], 8)
  expect(axis.ticks.map((tick) => tick.label)).toEqual(['2000', '2005', '2010', '2015', '2020'])
  expect(placeOn(axis, new Date(2000, 0).getTime())).toBe(0)
  expect(axis.ticks.at(-1)?.place).toBe(1)
})

test('says when a vaccine was last given, not when it was refused', () => {
  const [row] = vaccines([dose('140', '2020-10-01'), dose('140', '2025-10-01', 'not-done')])
  expect(row && lastGiven(row)).toBe('2020-10-01')
})

test('takes one code of two systems for two vaccines, and the date of recording for no dose’s', () => {
  const given = (system: string, text: string): Immunization => ({
    resourceType: 'Immunization',
    status: 'completed',
    patient: {},
    recorded: '2020-05-31',
    vaccineCode: { text, coding: [{ system, code: '1' }] },
  })
  const rows = vaccines([given('urn:a', 'A'), given('urn:b', 'B')])
  expect(rows.map(({ title, doses }) => [title, doses[0]?.when])).toEqual([
    ['A', 'recorded 31 May 2020'],
    ['B', 'recorded 31 May 2020'],
  ])
})
