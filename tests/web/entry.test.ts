import { expect, test } from 'vitest'
import { type Entered, entryKinds, observationOf, problems } from '../../client/web/src/patient/entry.ts'

const kind = (key: string) => entryKinds.find((each) => each.key === key) as Entered['kind']
const when = new Date('2026-03-01T13:05:00Z')

test('writes the digits as they were typed', () => {
  const entered = { kind: kind('temperature'), values: ['36,60'], unit: 'Cel', when }
  expect(JSON.stringify(observationOf(entered, 'p'))).toContain('"value":36.60,"unit":"°C"')
})

test('writes blood pressure as a panel of two components', () => {
  const entered = { kind: kind('blood-pressure'), values: ['120', '80'], unit: 'mm[Hg]', when }
  const observation = observationOf(entered, 'p')
  expect(observation.code.coding?.[0]?.code).toBe('85354-9')
  expect(observation.component?.map((each) => each.code.coding?.[0]?.code)).toEqual(['8480-6', '8462-4'])
  expect(observation.subject).toEqual({ reference: 'Patient/p' })
  expect(Date.parse(observation.effectiveDateTime ?? '')).toBe(when.getTime())
  expect(observation.effectiveDateTime).toMatch(/[+-]\d{2}:\d{2}$/)
})

test('refuses what is not a number, not possible, or the wrong way round', () => {
  const of = (key: string, values: string[], unit: string) =>
    problems({ kind: kind(key), values, unit, when })
  expect(of('heart-rate', ['fast'], '/min')[0]).toMatch('Enter a number')
  expect(of('temperature', ['366'], 'Cel')[0]).toBe('Expected between 20 and 46.')
  expect(of('blood-pressure', ['80', '120'], 'mm[Hg]')).toEqual([
    undefined,
    'Diastolic must be lower than systolic.',
  ])
  expect(of('weight', ['80.5'], 'kg')).toEqual([undefined])
})
