import type { Patient } from 'fhir/r4.js'
import { expect, test } from 'vitest'
import { applyForm, conflicts, formOf, merged } from '../../client/web/src/patient/merge.ts'

const patient: Patient = {
  resourceType: 'Patient',
  id: '1',
  name: [
    { use: 'nickname', given: ['Bob'] },
    { use: 'official', family: 'Stone', given: ['Robert', 'James'], prefix: ['Mr.'] },
  ],
  telecom: [
    { system: 'email', value: 'bob@example.org' },
    { system: 'phone', value: '1', use: 'home' },
  ],
  gender: 'male',
  birthDate: '1970-01-01',
}
const base = formOf(patient)

test('changes what the form changed and nothing else', () => {
  expect(applyForm(patient, base)).toEqual(patient)
  const next = applyForm(patient, { ...base, family: 'Rock', phone: '2', gender: '' })
  expect(next.name?.[1]).toEqual({
    use: 'official',
    family: 'Rock',
    given: ['Robert', 'James'],
    prefix: ['Mr.'],
  })
  expect(next.name?.[0]).toEqual({ use: 'nickname', given: ['Bob'] })
  expect(next.telecom).toContainEqual({ system: 'phone', value: '2', use: 'home' })
  expect(next).not.toHaveProperty('gender')
})

test('names a patient who had no name', () => {
  expect(
    applyForm({ resourceType: 'Patient' }, { ...formOf({ resourceType: 'Patient' }), family: 'New' }).name,
  ).toEqual([{ family: 'New' }])
})

test('keeps both sides where they changed different fields', () => {
  const mine = { ...base, family: 'Rock' }
  const theirs = { ...base, birthDate: '1971-01-01' }
  expect(conflicts(base, mine, theirs)).toEqual([])
  expect(merged(base, mine, theirs)).toMatchObject({ family: 'Rock', birthDate: '1971-01-01' })
})

test('shows a conflict only where both sides changed a field differently', () => {
  const mine = { ...base, family: 'Rock', given: 'Rob' }
  const theirs = { ...base, family: 'Pebble', given: 'Rob' }
  expect(conflicts(base, mine, theirs)).toEqual([
    { field: 'family', base: 'Stone', mine: 'Rock', theirs: 'Pebble' },
  ])
})
