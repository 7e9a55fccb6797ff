import { expect, test } from 'vitest'
import { patientQuery } from '../../client/web/src/search/terms.ts'

test('takes words as names, all of which must match', () => {
  expect(patientQuery(' Feeney, vito ')).toEqual({ name: ['Feeney', 'vito'] })
})

test('takes dates as birth dates however they are written', () => {
  expect(patientQuery('1962-05-31')).toEqual({ birthdate: ['1962-05-31'] })
  expect(patientQuery('31.5.1962')).toEqual({ birthdate: ['1962-05-31'] })
  expect(patientQuery('31 May 1962')).toEqual({ birthdate: ['1962-05-31'] })
  expect(patientQuery('12/31/1999')).toEqual({ birthdate: ['1999-12-31'] })
  expect(patientQuery('31/12/1999')).toEqual({ birthdate: ['1999-12-31'] })
  expect(patientQuery('3/4/1999')).toEqual({ birthdate: ['1999-03-04,1999-04-03'] })
  expect(patientQuery('1962')).toEqual({ birthdate: ['1962'] })
})

test('takes words with digits as identifiers', () => {
  expect(patientQuery('999-12-3456 ann')).toEqual({ identifier: ['999-12-3456'], name: ['ann'] })
})

test('asks for the signs that FHIR gives a meaning as themselves', () => {
  expect(patientQuery('a|b $c')).toEqual({ name: ['a\\|b', '\\$c'] })
})

test('asks nothing of nothing', () => {
  expect(patientQuery('  ')).toBeUndefined()
})
