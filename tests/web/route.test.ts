import { expect, test } from 'vitest'
import { parseRoute, patientHash } from '../../client/web/src/route.ts'

test('returns the route that an address names', () => {
  expect(parseRoute('')).toEqual({ name: 'home' })
  expect(parseRoute('#/patients/a/labs')).toEqual({ name: 'patient', id: 'a', section: 'labs' })
  expect(parseRoute(patientHash('a b'))).toEqual({ name: 'patient', id: 'a b', section: 'overview' })
  expect(parseRoute('#/patients/a/nothing')).toEqual({ name: 'unknown' })
})

test('takes an address that nobody wrote for none', () => {
  expect(parseRoute('#/patients/%')).toEqual({ name: 'unknown' })
})
