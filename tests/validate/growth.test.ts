import { expect, test } from 'vitest'
import { validate } from '../../src/validate/validate.ts'

/** How often a validation looks at the ids of so many contained resources, each of which is referred to once. */
const looksAtIds = (count: number): number => {
  let looks = 0
  const organization = (nth: number) => ({
    resourceType: 'Organization',
    name: `Clinic ${nth}`,
    get id() {
      looks++
      return `o${nth}`
    },
  })
  const numbers = [...Array(count).keys()]
  const patient = {
    resourceType: 'Patient',
    contained: numbers.map(organization),
    generalPractitioner: numbers.map((nth) => ({ reference: `#o${nth}` })),
  }
  expect(validate(patient, 'Patient')).toEqual([])
  return looks
}

test('the work for links to contained resources grows with their number, not with its square', () => {
  expect(looksAtIds(400)).toBeLessThan(4.5 * looksAtIds(100))
})
